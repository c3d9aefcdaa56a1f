import { useQueries } from '@tanstack/react-query';
import { $api, type Schemas } from '~/api/client';

const MOST = 20;

/** The shared actions of the first integrations; there is no list of all actions to ask for. */
export function usePaletteActions(
  integrations: readonly Schemas['Integration'][],
  enabled: boolean,
): Schemas['Action'][] {
  return useQueries({
    queries: integrations
      .filter((one) => one.action_count > 0)
      .slice(0, MOST)
      .map((one) => ({
        ...$api.queryOptions('get', '/api/v1/integrations/{id}/actions', {
          params: { path: { id: one.id }, query: { limit: 200 } },
        }),
        enabled,
        staleTime: 60_000,
      })),
    combine: (answers) => answers.flatMap((answer) => answer.data?.data ?? []),
  });
}
