import { Button, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';

export function NotFound() {
  return (
    <Stack component="main" className="page" align="flex-start" gap="xs">
      <title>Not found · Switchboard</title>
      <Title order={1} tabIndex={-1}>
        There is nothing at this address
      </Title>
      <Text c="dimmed">It may have been deleted, or it belongs to another workspace.</Text>
      <Button component={Link} to="/integrations" variant="default" mt="xs">
        To the integrations
      </Button>
    </Stack>
  );
}
