import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function AgentsPage() {
  return (
    <div className="page">
      <PageHeader title="Agents" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
