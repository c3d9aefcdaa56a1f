import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function IntegrationPage() {
  return (
    <div className="page">
      <PageHeader title="Integration" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
