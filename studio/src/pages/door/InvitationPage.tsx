import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function InvitationPage() {
  return (
    <div className="page">
      <PageHeader title="Invitation" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
