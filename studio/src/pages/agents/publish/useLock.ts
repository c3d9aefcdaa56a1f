import { useMutation } from '@tanstack/react-query';
import { client, ifMatch } from '~/api/client';
import { Problem } from '~/api/problem';
import { useDraft } from '../draft/useDraft';

/** Save the draft if there is something to save, then lock exactly what was saved. */
export function useLock(agentId: string) {
  const desk = useDraft();
  return useMutation({
    meta: { refreshes: ['/api/v1/agents'] },
    mutationFn: async (notes: string) => {
      if (Object.keys(desk.texts).length > 0) {
        throw new Problem({
          status: 0,
          code: 'incomplete_json',
          title: 'Some JSON is not complete yet',
          detail: 'Close this dialog and complete it first; the notice above the tabs names it.',
        });
      }
      const revision = desk.dirty ? await desk.save() : desk.revision;
      const { data } = await client.POST('/api/v1/agents/{id}/versions', {
        params: { path: { id: agentId }, header: ifMatch(revision) },
        body: { notes },
      });
      if (!data) throw new Error('the server’s response was empty');
      return data;
    },
  });
}
