import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function OverviewPage() {
  return (
    <div className="page">
      <PageHeader title="Overview" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
