import { useMutation } from '@tanstack/react-query';
import { client, ifMatch } from '~/api/client';
import { problemOf } from '~/api/problem';
import type { BindingValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';

const REFRESHES = ['/api/v1/agents', '/api/v1/actions', '/api/v1/integrations'];

/** What the server does with one binding of the draft at once; what is typed elsewhere stays typed. */
export function useRepairs(binding: BindingValues) {
  const desk = useDraft();
  const id = binding.id ?? '';
  const params = {
    path: { id: desk.agentId, binding_id: id },
    header: ifMatch(desk.revision),
  };
  const onError = (error: unknown) => {
    // Somebody else was quicker; their draft is read and shown.
    if (problemOf(error).isStale) void desk.adopt();
  };
  const relink = useMutation({
    meta: { done: 'Linked again', refreshes: REFRESHES },
    mutationFn: async (actionId?: string) => {
      await client.POST('/api/v1/agents/{id}/draft/actions/{binding_id}/relink', {
        params,
        body: actionId ? { action_id: actionId } : {},
      });
      await desk.adopt();
    },
    onError,
  });
  const remove = useMutation({
    meta: { done: 'Removed from the draft', refreshes: REFRESHES },
    mutationFn: async () => {
      const drop = () =>
        desk.change((now) => ({ ...now, actions: now.actions.filter((one) => one.key !== binding.key) }));
      if (binding.id) await client.DELETE('/api/v1/agents/{id}/draft/actions/{binding_id}', { params });
      drop();
      if (binding.id) await desk.adopt();
    },
    onError,
  });
  return { relink, remove, error: relink.error ?? remove.error, busy: relink.isPending || remove.isPending };
}
