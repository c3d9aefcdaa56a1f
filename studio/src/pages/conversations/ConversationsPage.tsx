import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function ConversationsPage() {
  return (
    <div className="page">
      <PageHeader title="Conversations" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
