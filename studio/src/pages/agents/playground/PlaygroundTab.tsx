import { Text } from '@mantine/core';

export function PlaygroundTab({ agentId }: { agentId: string }) {
  return (
    <Text c="dimmed" data-agent={agentId}>
      This page is not built yet.
    </Text>
  );
}
