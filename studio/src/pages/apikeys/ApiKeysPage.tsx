import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function ApiKeysPage() {
  return (
    <div className="page">
      <PageHeader title="API keys" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
