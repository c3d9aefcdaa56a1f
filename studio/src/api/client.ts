import createFetchClient from 'openapi-fetch';
import createQueryClient from 'openapi-react-query';
import type { AccountPaths } from './accounts';
import { apiFetch } from './fetch';
import type { MessagePaths } from './messages';
import type { OverviewPaths } from './overview';
import type { components, paths } from './schema';

export type Paths = paths & AccountPaths & MessagePaths & OverviewPaths;
export type Schemas = components['schemas'];

/** Plain calls: `await client.GET('/api/v1/agents/{id}', { params: { path: { id } } })`. Throws `Problem`. */
export const client = createFetchClient<Paths>({
  fetch: apiFetch,
  headers: { Accept: 'application/json' },
});

/** The same as hooks: `$api.useQuery('get', '/api/v1/agents/{id}', ...)`, `$api.useMutation(...)`. */
export const $api = createQueryClient(client);

/** The header for a change of what was read at this revision; somebody else's change in between is a 412. */
export function ifMatch(revision: number): { 'if-match': string } {
  return { 'if-match': `"${revision}"` };
}
