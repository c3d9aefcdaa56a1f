import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function AgentPage() {
  return (
    <div className="page">
      <PageHeader title="Agent" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
