import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function MessagesPage() {
  return (
    <div className="page">
      <PageHeader title="Messages" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
