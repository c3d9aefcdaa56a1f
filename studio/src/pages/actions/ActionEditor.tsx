import { Alert, Button, Group, Text } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import type { Schemas } from '~/api/client';
import { useCan } from '~/api/session';
import { Boundary } from '~/parts/Boundary';
import { ENVIRONMENTS } from '~/parts/environments';
import { fieldErrors, useForm } from '~/parts/form';
import { useMirror } from '~/parts/mirror';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedFields } from '~/parts/permission';
import { UnsavedGuard } from '~/parts/UnsavedGuard';
import { UnsavedOffer } from '~/parts/UnsavedOffer';
import { UnfinishedContext, useHolds } from '~/parts/unfinished';
import { useSaveShortcut } from '~/shell/shortcuts';
import { ApiFields, TimeoutField } from './ApiFields';
import { MessageFields } from './MessageFields';
import { SaveDialogs } from './SaveDialogs';
import { SchemaNotes } from './SchemaNotes';
import { ToolFields } from './ToolFields';
import { TryAndTake } from './TryAndTake';
import { useSaveAction } from './useSaveAction';
import { type Action, type Kind, valuesOf } from './values';

interface Props {
  action: Action;
  integration: Schemas['Integration'] | undefined;
}

/** The definition of a shared action of any kind, with Try it and saving. */
export function ActionEditor({ action, integration }: Props) {
  // What the form started from. It follows the server as long as nothing is typed.
  const [base, setBase] = useState(action);
  const kind = action.integration_kind as Kind;
  const form = useForm(() => valuesOf(action));
  const mayEdit = useCan('edit');
  const { hold, words: unfinished } = useHolds();
  const save = useSaveAction({ kind, base, setBase, form, unfinished });
  const typed = useMemo(
    () => (form.dirty && mayEdit ? { base, values: form.values } : undefined),
    [form.dirty, form.values, base, mayEdit],
  );
  const mirror = useMirror(`action/${action.id}`, typed);
  function restore(kept: NonNullable<typeof typed>) {
    // Of an older revision it comes back as what it was; somebody else's change since then is shown as such.
    setBase(kept.base);
    form.reset(valuesOf(kept.base));
    form.set(kept.values);
    mirror.close();
  }
  const errors = fieldErrors(save.error);
  useSaveShortcut(() => (form.dirty || unfinished.length > 0) && save.submit(), mayEdit);
  const behind = action.revision > base.revision;
  const { dirty, reset } = form;
  useEffect(() => {
    if (!behind || dirty) return;
    setBase(action);
    reset(valuesOf(action));
  }, [behind, dirty, action, reset]);
  const fields = { form, errors, readOnly: !mayEdit, integrationId: action.integration_id };
  return (
    <UnfinishedContext value={hold}>
      {mirror.offer && mayEdit && (
        <UnsavedOffer
          at={mirror.offer.at}
          onRestore={() => mirror.offer && restore(mirror.offer.data)}
          onDiscard={mirror.close}
        />
      )}
      {behind && dirty && (
        <Alert color="yellow" variant="light" title="Somebody else changed this action while you were typing">
          <Group>
            <Text size="sm">What you typed is still here.</Text>
            <Button variant="default" onClick={save.compare}>
              Show their change
            </Button>
          </Group>
        </Alert>
      )}
      <Boundary of={action.id} keeps>
        <NeedFields need="edit">
          {kind === 'custom_api' && <ApiFields {...fields} baseUrl={someBaseUrl(integration)} />}
          {kind === 'mcp_server' && <ToolFields action={action} />}
          {kind === 'messaging_channel' && <MessageFields {...fields} />}
          {kind !== 'messaging_channel' && <TimeoutField form={form} errors={errors} />}
        </NeedFields>
        <SchemaNotes notes={save.saved?.schema_notes ?? []} />
        <TryAndTake action={base} kind={kind} form={form} errors={errors} integration={integration} />
      </Boundary>
      {(dirty || Boolean(save.error)) && (
        <div className="save-bar">
          <ProblemAlert error={save.error} />
          {dirty && (
            <Group justify="space-between" mt={save.error ? 'xs' : 0}>
              <Text size="sm">You have changes that are not saved.</Text>
              <Group gap="xs">
                <Button variant="default" onClick={() => form.reset(valuesOf(base))}>
                  Discard
                </Button>
                <Button onClick={save.submit} loading={save.pending}>
                  Save
                </Button>
              </Group>
            </Group>
          )}
        </div>
      )}
      <SaveDialogs save={save} base={base} kind={kind} />
      <UnsavedGuard when={dirty && mayEdit} onLeave={mirror.drop} />
    </UnfinishedContext>
  );
}

export function someBaseUrl(integration: Schemas['Integration'] | undefined): string | undefined {
  const slots = integration?.environments;
  const filled = ENVIRONMENTS.find((one) => slots?.[one]);
  return filled ? slots?.[filled]?.base_url : undefined;
}
