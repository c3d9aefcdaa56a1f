import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function VersionPage() {
  return (
    <div className="page">
      <PageHeader title="Version" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
