import { Alert, Stack, Text } from '@mantine/core';
import { $api, ifMatch } from '~/api/client';
import { useList } from '~/api/list';
import { pointerWords } from '~/parts/form';
import { DiffView } from '~/parts/JsonView';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { isObject } from '~/parts/schema/schema';
import { heldChange } from './heldChange';
import type { Action } from './values';

/** A tool whose server changed it, withheld until somebody looked: the difference, and the approval. */
export function ApproveChange({ action }: { action: Action }) {
  const revisions = useList('/api/v1/actions/{id}/revisions', { path: { id: action.id } });
  const approve = $api.useMutation('post', '/api/v1/actions/{id}/approve', {
    meta: { done: 'Approved: agents may call it again', refreshes: ['/api/v1/'] },
  });
  const held = heldChange(revisions.items);
  const fields = held ? differing(held.before, held.after) : [];
  return (
    <Alert
      color="yellow"
      variant="light"
      title="The server changed this tool; agents cannot call it until you approve"
      mb="md"
    >
      <Stack gap="sm">
        {revisions.loading && <LoadingRows rows={2} />}
        <ProblemAlert error={revisions.problem} onRetry={revisions.retry} />
        {fields.map((field) => (
          <div key={field.name}>
            <Text size="sm" fw={500} mb={4}>
              {pointerWords(field.name)}
            </Text>
            <DiffView before={field.before} after={field.after} label={`${field.name} before and after`} />
          </div>
        ))}
        <ProblemAlert error={approve.error} />
        <NeedButton
          need="edit"
          style={{ alignSelf: 'flex-start' }}
          loading={approve.isPending}
          onClick={() =>
            approve.mutate({ params: { path: { id: action.id }, header: ifMatch(action.revision) } })
          }
        >
          Approve this change
        </NeedButton>
      </Stack>
    </Alert>
  );
}

function differing(before: unknown, after: unknown): { name: string; before: unknown; after: unknown }[] {
  const a = isObject(before) ? before : {};
  const b = isObject(after) ? after : {};
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
    .map((name) => ({ name, before: a[name], after: b[name] }));
}
