import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function ConversationPage() {
  return (
    <div className="page">
      <PageHeader title="Conversation" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
