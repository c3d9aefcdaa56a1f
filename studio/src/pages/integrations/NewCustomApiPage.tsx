import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function NewCustomApiPage() {
  return (
    <div className="page">
      <PageHeader title="New API" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
