import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function NewMessagingChannelPage() {
  return (
    <div className="page">
      <PageHeader title="New channel" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
