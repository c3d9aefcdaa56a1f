import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function NewActionPage() {
  return (
    <div className="page">
      <PageHeader title="New shared action" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
