import createFetchClient from 'openapi-fetch';
import createQueryClient from 'openapi-react-query';
import { apiFetch } from './fetch';
import type { components, paths as Paths } from './schema';

export type { paths as Paths } from './schema';

type Raw = components['schemas'];

type Members<T> = T extends object ? keyof T : never;

/** A variant of a union that can be asked for the members of the others: it has none of them. */
type Whole<T, All = T> = T extends object
  ? T extends readonly unknown[]
    ? T
    : T & { [K in Exclude<Members<All>, keyof T>]?: undefined }
  : T;

/** What the API takes and answers. Where it is one of several things, it may be asked for the members of each. */
export type Schemas = { [Name in keyof Raw]: Whole<Raw[Name]> };

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
