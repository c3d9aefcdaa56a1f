import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, ifMatch, type Schemas } from '~/api/client';
import { queryClient } from '~/api/queryClient';
import { fieldErrors } from '~/parts/form';
import { ProblemAlert } from '~/parts/ProblemAlert';
import type { ApiCallAction, BindingValues } from '../draft/model';
import { draftOptions, useDraft } from '../draft/useDraft';
import { pathUnder } from './promote';
import { useIntegrations } from './useLinked';

interface Props {
  binding: BindingValues;
  action: ApiCallAction;
  onClose: () => void;
  onDone: () => void;
}

/** Turn the agent's own API call into a shared action, and link that. */
export function PromoteDialog({ binding, action, onClose, onDone }: Props) {
  const desk = useDraft();
  const { list } = useIntegrations();
  const apis = list.items.filter((one) => one.kind === 'custom_api');
  const fitting = apis.find((one) => pathUnder(action.url, one) !== undefined);
  const [picked, setPicked] = useState<string>();
  const chosen = apis.find((one) => one.id === (picked ?? fitting?.id));
  const found = chosen ? pathUnder(action.url, chosen) : undefined;
  const [typed, setTyped] = useState<string>();
  const path = typed ?? found ?? '';
  const promote = useMutation({
    meta: {
      done: `${action.name} is a shared action now`,
      refreshes: ['/api/v1/agents', '/api/v1/integrations', '/api/v1/actions'],
    },
    mutationFn: async (integrationId: string) => {
      const revision = desk.dirty ? await desk.save() : desk.revision;
      const draft = await queryClient.fetchQuery({ ...draftOptions(desk.agentId), staleTime: 5_000 });
      const isIt = (one: Schemas['Binding']) => one.id === binding.id || one.action?.name === action.name;
      const saved = draft.actions.find(isIt);
      await client.POST('/api/v1/agents/{id}/draft/actions/{binding_id}/promote', {
        params: { path: { id: desk.agentId, binding_id: saved?.id ?? '' }, header: ifMatch(revision) },
        body: { integration_id: integrationId, ...(path && path !== found ? { path } : {}) },
      });
      await desk.adopt();
    },
    onSuccess: () => {
      onClose();
      onDone();
    },
  });
  const errors = fieldErrors(promote.error);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (chosen) promote.mutate(chosen.id);
  }
  return (
    <Modal opened onClose={onClose} title={`Promote ${action.name} to a shared action`}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            It moves under an integration, where every agent can link it. This agent keeps its phases, limit
            and states on a link. The integration’s base URL and authentication take the place of its own.
            {desk.dirty && ' Your unsaved changes are saved first.'}
          </Text>
          <Select
            label="Integration"
            placeholder={list.loading ? 'Loading…' : 'Choose an integration'}
            data={apis.map((one) => ({ value: one.id, label: one.name }))}
            value={chosen?.id ?? null}
            onChange={(id) => {
              setPicked(id ?? undefined);
              setTyped(undefined);
            }}
            error={errors('/integration_id')}
            searchable
            nothingFoundMessage="No custom API has that name"
          />
          <TextInput
            label="Path"
            description={
              chosen && found === undefined
                ? `Its URL does not start with a base URL of ${chosen.name}: enter the path below it.`
                : 'What follows the base URL.'
            }
            styles={{ input: { fontFamily: 'var(--sb-mono)' } }}
            placeholder="/v1/{currency}"
            value={path}
            onChange={(event) => setTyped(event.currentTarget.value)}
            error={errors('/path')}
          />
          <ProblemAlert error={promote.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!chosen || !path} loading={promote.isPending}>
              Promote
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
