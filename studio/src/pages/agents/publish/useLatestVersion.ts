import { $api } from '~/api/client';
import { valuesOf } from '../draft/model';
import { same } from '../draft/same';
import { useDraft } from '../draft/useDraft';

/** The last locked version, and whether the saved draft is the same. */
export function useLatestVersion(agentId: string) {
  const { base } = useDraft();
  const list = $api.useQuery('get', '/api/v1/agents/{id}/versions', {
    params: { path: { id: agentId }, query: { limit: 1 } },
  });
  const version = list.data?.data[0];
  return {
    loading: list.isPending,
    error: list.error,
    version,
    sameAsDraft: Boolean(version?.document && same(valuesOf(version.document), base)),
  };
}
