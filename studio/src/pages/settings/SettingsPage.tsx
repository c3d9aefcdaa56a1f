import { Button, Group, Stack } from '@mantine/core';
import { $api, client, ifMatch, type Schemas } from '~/api/client';
import { ConflictAlert } from '~/parts/ConflictAlert';
import { fieldErrors, useForm } from '~/parts/form';
import { LoadingRows } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedFields } from '~/parts/permission';
import { RetentionField } from '~/parts/RetentionField';
import { lacksDays, retentionForm, retentionOfWorkspace } from '~/parts/retention';
import { UnsavedGuard } from '~/parts/UnsavedGuard';

type Workspace = Schemas['Workspace'];

const asForm = (workspace: Workspace) => retentionForm(workspace.retain_events_days, 'forever');

/** What holds for a whole workspace. */
export function SettingsPage() {
  const workspace = $api.useQuery('get', '/api/v1/workspace');
  return (
    <div className="page">
      <PageHeader title="Workspace settings" description="What holds for everything in this workspace." />
      {workspace.data ? (
        <Settings workspace={workspace.data} />
      ) : workspace.error ? (
        <ProblemAlert error={workspace.error} onRetry={() => void workspace.refetch()} />
      ) : (
        <LoadingRows />
      )}
    </div>
  );
}

function Settings({ workspace }: { workspace: Workspace }) {
  const form = useForm(() => asForm(workspace));
  const save = $api.useMutation('patch', '/api/v1/workspace', {
    meta: { done: 'Saved', refreshes: ['/api/v1/workspace'] },
    onSuccess: (answer) => form.reset(asForm(answer)),
  });
  const errors = fieldErrors(save.error);
  function submit(revision: number) {
    save.mutate({
      params: { header: ifMatch(revision) },
      body: { retain_events_days: retentionOfWorkspace(form.values) },
    });
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit(workspace.revision);
      }}
    >
      <NeedFields need="admin">
        <Stack gap="md" maw={680}>
          <RetentionField
            value={form.values}
            onChange={form.set}
            description="Older ones are removed, and a closed conversation goes with its last event. An agent may say otherwise."
            error={errors('/retain_events_days')}
          />
          <ConflictAlert
            error={save.error}
            loadTheirs={async () => {
              const { data } = await client.GET('/api/v1/workspace');
              return data ?? workspace;
            }}
            view={asForm}
            mine={form.values}
            onTake={(theirs) => {
              save.reset();
              form.reset(asForm(theirs));
            }}
            onKeep={(theirs) => submit(theirs.revision)}
          />
          <Group>
            <Button type="submit" disabled={!form.dirty || lacksDays(form.values)} loading={save.isPending}>
              Save settings
            </Button>
          </Group>
        </Stack>
      </NeedFields>
      <UnsavedGuard when={form.dirty} />
    </form>
  );
}
