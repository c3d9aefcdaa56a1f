import { Button, Group, Stack } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { $api, client, ifMatch, type Schemas } from '~/api/client';
import type { Problem } from '~/api/problem';
import { ConflictAlert } from '~/parts/ConflictAlert';
import { fieldErrors, useForm } from '~/parts/form';
import { NeedFields } from '~/parts/permission';
import { UnsavedGuard } from '~/parts/UnsavedGuard';
import { useSaveShortcut } from '~/shell/shortcuts';
import { KindFields } from './KindFields';
import type { Kind } from './kinds';
import { formOf, type IntegrationForm, inputOf, problemOfInput } from './model';
import { TestConnection } from './TestConnection';
import { WebhookAddress } from './WebhookAddress';

export function SettingsTab({ integration }: { integration: Schemas['Integration'] }) {
  const kind = integration.kind as Kind;
  // What the form started from: a save is refused if somebody else changed it since.
  const [base, setBase] = useState(integration);
  const form = useForm<IntegrationForm>(() => formOf(integration));
  const [incomplete, setIncomplete] = useState<Problem | null>(null);
  const save = $api.useMutation('patch', '/api/v1/integrations/{id}', {
    meta: { done: 'Saved', refreshes: ['/api/v1/integrations', '/api/v1/secrets'] },
    onSuccess: (answer) => startFrom(answer),
  });

  function startFrom(next: Schemas['Integration']) {
    setBase(next);
    form.reset(formOf(next));
    save.reset();
    setIncomplete(null);
  }
  function saveOver(revision: number) {
    const body = inputOf(form.values, kind);
    const wrong = problemOfInput(body);
    setIncomplete(wrong);
    if (wrong) return;
    save.mutate({ params: { path: { id: integration.id }, header: ifMatch(revision) }, body });
  }
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    saveOver(base.revision);
  };
  const error = incomplete ?? save.error;
  useSaveShortcut(() => form.dirty && submit(), true);

  // A change by somebody else is taken over as long as nothing was typed.
  const { dirty, reset } = form;
  useEffect(() => {
    if (dirty || integration.revision <= base.revision) return;
    setBase(integration);
    reset(formOf(integration));
  }, [dirty, integration, base.revision, reset]);

  return (
    <NeedFields need="edit">
      <form onSubmit={submit} autoComplete="off">
        <Stack gap="md">
          <KindFields kind={kind} form={form} errors={fieldErrors(error)} />
          <TestConnection kind={kind} values={form.values} />
          {kind === 'messaging_channel' && <WebhookAddress id={integration.id} />}
          <ConflictAlert
            error={error}
            loadTheirs={async () => {
              const { data } = await client.GET('/api/v1/integrations/{id}', {
                params: { path: { id: integration.id } },
              });
              return data ?? integration;
            }}
            view={(theirs) => inputOf(formOf(theirs), kind)}
            mine={inputOf(form.values, kind)}
            onTake={startFrom}
            onKeep={(theirs) => saveOver(theirs.revision)}
          />
          <Group>
            <Button type="submit" disabled={!form.dirty} loading={save.isPending}>
              Save settings
            </Button>
            {form.dirty && (
              <Button variant="default" onClick={() => startFrom(base)}>
                Discard changes
              </Button>
            )}
          </Group>
        </Stack>
      </form>
      <UnsavedGuard when={form.dirty} />
    </NeedFields>
  );
}
