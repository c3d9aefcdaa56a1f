import { $api, type Schemas } from '~/api/client';

/** The names of the states of the version that a conversation runs. */
export function useStates(agentId: string, version: Schemas['Version']): string[] {
  const locked = typeof version === 'number';
  const draft = $api.useQuery(
    'get',
    '/api/v1/agents/{id}/draft',
    { params: { path: { id: agentId } } },
    { enabled: !locked },
  );
  const one = $api.useQuery(
    'get',
    '/api/v1/agents/{id}/versions/{number}',
    { params: { path: { id: agentId, number: locked ? version : 0 } } },
    { enabled: locked, staleTime: Number.POSITIVE_INFINITY },
  );
  const states = locked ? one.data?.document?.states : draft.data?.states;
  return (states ?? []).map((state) => state.name);
}
