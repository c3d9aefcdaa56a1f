import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function IntegrationsPage() {
  return (
    <div className="page">
      <PageHeader title="Integrations" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
