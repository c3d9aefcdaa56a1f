import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function SecretsPage() {
  return (
    <div className="page">
      <PageHeader title="Secrets" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
