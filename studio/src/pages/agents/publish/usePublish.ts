import { useMutation } from '@tanstack/react-query';
import { client, type Schemas } from '~/api/client';
import { refresh } from '~/api/queryClient';

/** Publish a locked version. A refusal is a 409 whose body lists why: see `refusal.ts`. */
export function usePublish(agent: Schemas['Agent']) {
  return useMutation({
    meta: { refreshes: ['/api/v1/agents'] },
    mutationFn: async (number: number) => {
      const { data } = await client.POST('/api/v1/agents/{id}/versions/{number}/publish', {
        params: { path: { id: agent.id, number } },
      });
      if (!data) throw new Error('the server’s response was empty');
      return data;
    },
    // It may be refused because shared actions were changed elsewhere: read them again.
    onError: () => refresh('/api/v1/actions', '/api/v1/agents'),
  });
}
