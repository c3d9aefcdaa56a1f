import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function SetupPage() {
  return (
    <div className="page">
      <PageHeader title="Setup" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
