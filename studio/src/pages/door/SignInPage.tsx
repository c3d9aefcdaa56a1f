import { Text } from '@mantine/core';
import { PageHeader } from '~/parts/PageHeader';

export function SignInPage() {
  return (
    <div className="page">
      <PageHeader title="Sign in" />
      <Text c="dimmed">This page is not built yet.</Text>
    </div>
  );
}
