import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function ActionPage() {
  return (
    <div className="page">
      <PageHeader title="Shared action" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
