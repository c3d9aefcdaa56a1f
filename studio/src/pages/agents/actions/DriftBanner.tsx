import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import IconGitCompare from '@tabler/icons-react/icons/IconGitCompare';
import { $api, type Schemas } from '~/api/client';
import { useCan } from '~/api/session';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ChangeFields, ChangeHead } from '../changes/LinkChangeView';
import { byWeight, countWords } from '../changes/words';
import { useDraft } from '../draft/useDraft';
import { RepairButtons } from './RepairButtons';
import { useRepairs } from './useRepairs';

type Change = Schemas['LinkChange'];

/** After a restore: the links whose actions are no longer what the restored version knew, until each is dealt with. */
export function DriftBanner({ onOpen }: { onOpen: (key: string) => void }) {
  const { agentId, restoredFrom } = useDraft();
  const drift = $api.useQuery('get', '/api/v1/agents/{id}/draft/drift', {
    params: { path: { id: agentId } },
  });
  const changes = byWeight(drift.data?.data ?? []);
  if (drift.error && !drift.data)
    return <ProblemAlert error={drift.error} onRetry={() => void drift.refetch()} />;
  if (changes.length === 0) return null;
  return (
    <Alert
      variant="default"
      icon={<IconGitCompare aria-hidden color="var(--mantine-color-yellow-7)" />}
      role="region"
      title={`${
        changes.length === 1 ? 'One action has' : `${changes.length} actions have`
      } changed since ${restoredFrom === null ? 'the restored version' : `v${restoredFrom}`} was locked: ${countWords(changes)}`}
    >
      <Text size="sm" mb="xs">
        The restore brought your instructions, states and overrides back. The actions are used as they are
        now. Go through each: it stays here until it is reviewed, linked again or unlinked.
      </Text>
      <Stack gap="xs">
        {changes.map((change) => (
          <DriftEntry key={change.binding_id} change={change} onOpen={() => onOpen(change.binding_id)} />
        ))}
      </Stack>
    </Alert>
  );
}

function DriftEntry({ change, onOpen }: { change: Change; onOpen: () => void }) {
  const { agentId, values } = useDraft();
  const mayEdit = useCan('edit');
  const [open, difference] = useDisclosure(false);
  const binding = values.actions.find((one) => one.id === change.binding_id);
  const repairs = useRepairs(binding ?? { key: change.binding_id, id: change.binding_id });
  const review = $api.useMutation('post', '/api/v1/agents/{id}/draft/drift/{binding_id}/review', {
    meta: { done: `${change.name} is reviewed`, refreshes: ['/api/v1/agents'] },
  });
  const broken = change.change !== 'changed';
  return (
    <Stack className="panel" gap="xs" p="xs">
      <Group justify="space-between" gap="xs">
        <ChangeHead change={change} />
        <Group gap={6}>
          {change.fields.length > 0 && (
            <Button
              variant="default"
              size="compact-xs"
              onClick={difference.toggle}
              aria-expanded={open}
              aria-label={`${open ? 'Hide' : 'Show'} the difference of ${change.name}`}
            >
              {open ? 'Hide the difference' : 'Show the difference'}
            </Button>
          )}
          {binding && (
            <Button variant="default" size="compact-xs" onClick={onOpen} aria-label={`Open ${change.name}`}>
              Open
            </Button>
          )}
          {mayEdit && (
            <>
              <Button
                variant="default"
                size="compact-xs"
                loading={review.isPending}
                onClick={() =>
                  review.mutate({ params: { path: { id: agentId, binding_id: change.binding_id } } })
                }
                aria-label={`Mark as reviewed: ${change.name}`}
              >
                Mark as reviewed
              </Button>
              {!broken && (
                <Button
                  variant="default"
                  size="compact-xs"
                  color="red"
                  loading={repairs.remove.isPending}
                  onClick={() => repairs.remove.mutate()}
                  aria-label={`Unlink ${change.name}`}
                >
                  Unlink
                </Button>
              )}
            </>
          )}
        </Group>
      </Group>
      {open && <ChangeFields change={change} />}
      {broken && binding && (
        <RepairButtons
          binding={binding}
          name={change.name}
          moved={change.change === 'moved'}
          removeLabel="Unlink"
        />
      )}
      <ProblemAlert error={review.error ?? repairs.error} />
    </Stack>
  );
}
