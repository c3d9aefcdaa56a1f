import { Box, Group, Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** Around the pages that need no session. */
export function DoorFrame({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Box component="main" id="main" tabIndex={-1} mih="100dvh" px="md" pt="10vh" pb="xl">
      <title>{`${title} · Switchboard`}</title>
      <Stack maw={380} mx="auto">
        <Group gap="xs">
          <img src="/favicon.svg" alt="" width={24} height={24} />
          <Text fw={600}>Switchboard</Text>
        </Group>
        <Paper withBorder p="lg" radius="md">
          <Stack>
            <div>
              <Title order={1} tabIndex={-1}>
                {title}
              </Title>
              {lead && (
                <Text c="dimmed" mt={4} component="div">
                  {lead}
                </Text>
              )}
            </div>
            {children}
          </Stack>
        </Paper>
      </Stack>
    </Box>
  );
}
