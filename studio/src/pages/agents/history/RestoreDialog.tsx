import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { $api, client, ifMatch } from '~/api/client';
import { problemOf } from '~/api/problem';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ChangeFields, ChangeHead } from '../changes/LinkChangeView';
import { byWeight, countWords } from '../changes/words';
import { useDraft } from '../draft/useDraft';

interface Props {
  agentId: string;
  number: number;
  onClose: () => void;
}

/** What a version would come back into, before it comes back. */
export function RestoreDialog({ agentId, number, onClose }: Props) {
  const desk = useDraft();
  const navigate = useNavigate();
  const preview = $api.useQuery(
    'get',
    '/api/v1/agents/{id}/versions/{number}/restore-preview',
    { params: { path: { id: agentId, number } } },
    { staleTime: 0 },
  );
  const changes = byWeight(preview.data?.changes ?? []);
  const restore = useMutation({
    meta: { done: `The draft is v${number} now`, refreshes: ['/api/v1/agents'] },
    mutationFn: async () => {
      await client.POST('/api/v1/agents/{id}/versions/{number}/restore', {
        params: { path: { id: agentId, number }, header: ifMatch(desk.revision) },
      });
      await desk.startOver(`You restored v${number} over it.`);
    },
    onSuccess: () => {
      onClose();
      void navigate({
        to: '/agents/$id',
        params: { id: agentId },
        search: { tab: changes.length > 0 ? 'actions' : 'instructions' },
      });
    },
    onError: (error) => {
      if (problemOf(error).isStale) void desk.adopt();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Restore v${number}`} size="xl">
      <Stack>
        <Text size="sm">
          The draft is overwritten with the instructions, states, links and overrides of v{number}. Shared
          actions stay as they are now. What is published does not change.
        </Text>
        {desk.dirty && (
          <Alert color="yellow" variant="light" title="You have unsaved changes">
            They are set aside, and you can put them back into the form afterwards.
          </Alert>
        )}
        {preview.isPending && <LoadingRows rows={3} />}
        <ProblemAlert error={preview.error} onRetry={() => void preview.refetch()} />
        {preview.data && changes.length === 0 && (
          <Alert
            color="green"
            variant="light"
            title="No linked action has changed since this version was locked"
          />
        )}
        {changes.length > 0 && (
          <Stack gap="xs">
            <Text fw={600}>
              {changes.length === 1
                ? 'One linked action has changed since this version was locked'
                : `${changes.length} linked actions have changed since this version was locked`}
              {`: ${countWords(changes)}`}
            </Text>
            <Stack
              gap={0}
              className="panel"
              mah="45vh"
              style={{ overflow: 'auto' }}
              tabIndex={0}
              role="group"
              aria-label="Changed linked actions"
            >
              {changes.map((change) => (
                <Stack
                  key={change.binding_id}
                  gap={6}
                  p="sm"
                  style={{ borderBlockEnd: '1px solid var(--sb-line)' }}
                >
                  <ChangeHead change={change} />
                  <ChangeFields change={change} />
                </Stack>
              ))}
            </Stack>
            <Text size="sm" c="dimmed">
              After the restore the Actions tab lists these until each is reviewed, linked again or removed.
            </Text>
          </Stack>
        )}
        <ProblemAlert error={restore.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button disabled={!preview.data} loading={restore.isPending} onClick={() => restore.mutate()}>
            Restore v{number}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
