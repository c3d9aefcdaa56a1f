import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function AuditPage() {
  return (
    <div className="page">
      <PageHeader title="Audit log" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
