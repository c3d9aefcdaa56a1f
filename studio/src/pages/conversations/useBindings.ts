import { useMemo } from 'react';
import { $api, type Schemas } from '~/api/client';

export type Bindings = ReadonlyMap<string, Schemas['Binding']>;

/** The bindings of the version that a conversation runs, by their id: where a call's action is defined. */
export function useBindings(agentId: string | undefined, version: Schemas['Version'] | undefined): Bindings {
  const id = agentId ?? '';
  const locked = typeof version === 'number';
  const draft = $api.useQuery(
    'get',
    '/api/v1/agents/{id}/draft',
    { params: { path: { id } } },
    { enabled: Boolean(agentId) && version === 'draft' },
  );
  const one = $api.useQuery(
    'get',
    '/api/v1/agents/{id}/versions/{number}',
    { params: { path: { id, number: locked ? version : 0 } } },
    { enabled: Boolean(agentId) && locked, staleTime: Number.POSITIVE_INFINITY },
  );
  const bindings = locked ? one.data?.document?.actions : draft.data?.actions;
  return useMemo(() => new Map((bindings ?? []).map((binding) => [binding.id, binding])), [bindings]);
}
