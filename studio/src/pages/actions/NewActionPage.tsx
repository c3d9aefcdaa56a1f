import { Button, Group, Text } from '@mantine/core';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { $api, type Schemas } from '~/api/client';
import type { Problem } from '~/api/problem';
import { useCan } from '~/api/session';
import { fieldErrors, useForm } from '~/parts/form';
import { EmptyState, LoadingRows } from '~/parts/ListState';
import { useMirror } from '~/parts/mirror';
import { PageHeader } from '~/parts/PageHeader';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedFields } from '~/parts/permission';
import { UnsavedGuard } from '~/parts/UnsavedGuard';
import { UnsavedOffer } from '~/parts/UnsavedOffer';
import { UnfinishedContext, useHolds } from '~/parts/unfinished';
import { useSaveShortcut } from '~/shell/shortcuts';
import { someBaseUrl } from './ActionEditor';
import { ApiFields, TimeoutField } from './ApiFields';
import { MessageFields } from './MessageFields';
import { OutputsEditor } from './OutputsEditor';
import { Section } from './Section';
import { useIntegration } from './useAction';
import { problemBefore } from './useSaveAction';
import { emptyValues, inputOf, type Kind } from './values';

const route = getRouteApi('/app/integrations/$id/actions/new');

/** A new shared action under an integration. */
export function NewActionPage() {
  const { id } = route.useParams();
  const integration = useIntegration(id);
  return (
    <div className="page">
      <PageHeader
        title="New shared action"
        crumbs={[
          <Link key="all" to="/integrations">
            Integrations
          </Link>,
          <Link key="one" to="/integrations/$id" params={{ id }}>
            {integration.data?.name ?? 'Integration'}
          </Link>,
        ]}
        description="Any agent can link it. You can try it as soon as it is saved."
      />
      <ProblemAlert error={integration.error} onRetry={() => void integration.refetch()} />
      {integration.isPending && <LoadingRows />}
      {integration.data &&
        (integration.data.kind === 'mcp_server' ? (
          <EmptyState title="Tools come from the server">
            You do not define the tools of an MCP server yourself. Open <b>{integration.data.name}</b> and
            refresh its tools.
          </EmptyState>
        ) : (
          <NewAction integration={integration.data} key={id} />
        ))}
    </div>
  );
}

function NewAction({ integration }: { integration: Schemas['Integration'] }) {
  const kind = integration.kind as Kind;
  const navigate = useNavigate();
  const mayEdit = useCan('edit');
  const form = useForm(() => emptyValues(kind));
  const { hold, words: unfinished } = useHolds();
  const mirror = useMirror(`new-action/${integration.id}`, form.dirty && mayEdit ? form.values : undefined);
  const [wrong, setWrong] = useState<Problem>();
  const [leaving, setLeaving] = useState(false);
  const create = $api.useMutation('post', '/api/v1/integrations/{id}/actions', {
    meta: { done: 'Created; try it below', refreshes: ['/api/v1/integrations'] },
    onSuccess: async (action) => {
      mirror.drop();
      await navigate({ to: '/actions/$id', params: { id: action.id }, ignoreBlocker: true });
    },
    onMutate: () => setLeaving(true),
    onError: () => setLeaving(false),
  });
  const submit = () => {
    const input = inputOf(kind, form.values);
    const problem = problemBefore(input, unfinished);
    setWrong(problem);
    if (problem || input.problem !== undefined) return;
    create.mutate({
      params: { path: { id: integration.id } },
      body: input.body as unknown as Schemas['ActionInput'],
    });
  };
  useSaveShortcut(submit, mayEdit);
  const error = wrong ?? create.error;
  const errors = fieldErrors(error);
  const fields = { form, errors, readOnly: !mayEdit, integrationId: integration.id };
  return (
    <UnfinishedContext value={hold}>
      <NeedFields need="edit">
        {mirror.offer && (
          <UnsavedOffer
            at={mirror.offer.at}
            onRestore={() => {
              if (mirror.offer) form.set(mirror.offer.data);
              mirror.close();
            }}
            onDiscard={mirror.close}
          />
        )}
        {kind === 'custom_api' ? (
          <>
            <ApiFields {...fields} baseUrl={someBaseUrl(integration)} />
            <Section
              title="Output variables"
              description="Taken from each successful response into the conversation. Picking them is easier after the first try."
            >
              <OutputsEditor form={form} errors={errors} readOnly={!mayEdit} root={undefined} />
            </Section>
            <TimeoutField form={form} errors={errors} />
          </>
        ) : (
          <MessageFields {...fields} />
        )}
        {mayEdit && (
          <div className="save-bar">
            <ProblemAlert error={error} />
            <Group justify="space-between" mt={error ? 'xs' : 0}>
              <Text size="sm" c="dimmed">
                Nothing calls it until an agent links it.
              </Text>
              <Button onClick={submit} loading={create.isPending}>
                Create action
              </Button>
            </Group>
          </div>
        )}
        <UnsavedGuard when={form.dirty && !leaving} onLeave={mirror.drop} />
      </NeedFields>
    </UnfinishedContext>
  );
}
