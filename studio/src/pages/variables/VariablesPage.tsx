import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function VariablesPage() {
  return (
    <div className="page">
      <PageHeader title="Variables" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
