import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function MembersPage() {
  return (
    <div className="page">
      <PageHeader title="Members" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
