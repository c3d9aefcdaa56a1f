import { Alert, Stack, Text } from '@mantine/core';
import { $api } from '~/api/client';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ChangeFields, ChangeHead } from '../changes/LinkChangeView';
import { byWeight, countWords } from '../changes/words';

/** The linked actions that are no longer what this version knew when it was locked. */
export function VersionDrift({ id, number, published }: { id: string; number: number; published: boolean }) {
  const drift = $api.useQuery('get', '/api/v1/agents/{id}/versions/{number}/drift', {
    params: { path: { id, number } },
  });
  const changes = byWeight(drift.data?.data ?? []);
  if (drift.error) return <ProblemAlert error={drift.error} onRetry={() => void drift.refetch()} />;
  if (changes.length === 0) return null;
  return (
    <Alert
      color="yellow"
      variant="light"
      title={`${changes.length === 1 ? 'One linked action' : `${changes.length} linked actions`} changed since it was locked: ${countWords(changes)}`}
    >
      {published && (
        <Text size="sm" mb="xs">
          The published agent uses the actions as they are now.
        </Text>
      )}
      <Stack gap="xs">
        {changes.map((change) => (
          <Stack key={change.binding_id} className="panel" gap={6} p="sm">
            <ChangeHead change={change} />
            <ChangeFields change={change} />
          </Stack>
        ))}
      </Stack>
    </Alert>
  );
}
