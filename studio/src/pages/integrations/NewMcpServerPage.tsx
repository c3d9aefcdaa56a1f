import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function NewMcpServerPage() {
  return (
    <div className="page">
      <PageHeader title="New MCP" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
