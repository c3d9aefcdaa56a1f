import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { client, ifMatch, type Schemas } from '~/api/client';
import { Problem } from '~/api/problem';
import { refresh } from '~/api/queryClient';
import { useDraft } from '../draft/useDraft';

const PATH = '/api/v1/agents/{id}/publish';

export type Review = Schemas['PublishReview'];

/** What publishing the draft, as it is saved, would come to. Changes nothing. */
export function useReview(agentId: string) {
  const { revision, dirty } = useDraft();
  return useQuery(
    queryOptions<Review, Problem>({
      queryKey: ['review', PATH, agentId, revision],
      enabled: !dirty,
      staleTime: 0,
      queryFn: async ({ signal }) => {
        const { data } = await client.POST(PATH, {
          signal,
          params: { path: { id: agentId }, header: ifMatch(revision), query: { dry_run: true } },
          body: {},
        });
        if (!data || !('findings' in data)) throw new Error('the server’s response was not the expected one');
        return data;
      },
    }),
  );
}

/** Save what is not saved yet, so that it can be reviewed. */
export function useSaveForReview() {
  const desk = useDraft();
  return useMutation({
    meta: { refreshes: ['/api/v1/agents'] },
    mutationFn: async () => {
      if (Object.keys(desk.texts).length > 0) {
        throw new Problem({
          status: 0,
          code: 'incomplete_json',
          title: 'Some JSON is not complete yet',
          detail: 'Close this dialog and complete it first; the notice above the tabs names it.',
        });
      }
      return desk.save();
    },
  });
}

/** Lock and publish exactly the draft that was reviewed, or do neither. */
export function usePublishDraft(agentId: string) {
  const { revision } = useDraft();
  return useMutation({
    meta: { refreshes: ['/api/v1/agents'] },
    mutationFn: async (input: { notes: string; accept: string[] }) => {
      const { data } = await client.POST(PATH, {
        params: { path: { id: agentId }, header: ifMatch(revision) },
        body: input,
      });
      if (!data || !('warnings' in data)) throw new Error('the server’s response was not the expected one');
      return data;
    },
    // It may be refused because shared actions were changed elsewhere: read them, and the review, again.
    onError: () => refresh('/api/v1/actions', '/api/v1/agents'),
  });
}
