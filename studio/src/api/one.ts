import { $api, client, type Schemas } from './client';
import { Problem } from './problem';

/*
 * Reading single things by their ids. Those of one kind that are asked for at one time are read by one request: a
 * table asks for as many as it has rows.
 */

interface Waiting<T> {
  resolve: (one: T) => void;
  reject: (error: unknown) => void;
}

/** The most that one request asks for; its address stays short. */
const AT_ONCE = 100;

/** Reads one of a list, of which `some` reads those of these ids. */
export function together<T extends { id: string }>(
  some: (query: { ids: string; limit: number }) => Promise<readonly T[]>,
): (id: string) => Promise<T> {
  let waiting = new Map<string, Waiting<T>[]>();

  function readAll(): void {
    const asked = [...waiting];
    waiting = new Map();
    for (let at = 0; at < asked.length; at += AT_ONCE) void readSome(asked.slice(at, at + AT_ONCE));
  }

  async function readSome(asked: readonly [string, Waiting<T>[]][]): Promise<void> {
    const ids = asked.map(([id]) => id).join(',');
    try {
      const found = new Map((await some({ ids, limit: AT_ONCE })).map((one) => [one.id, one]));
      for (const [id, those] of asked) {
        const one = found.get(id);
        for (const { resolve, reject } of those) {
          if (one) resolve(one);
          else reject(gone());
        }
      }
    } catch (error) {
      for (const [, those] of asked) for (const { reject } of those) reject(error);
    }
  }

  return (id) => {
    if (waiting.size === 0) setTimeout(readAll);
    return new Promise((resolve, reject) => {
      const others = waiting.get(id) ?? [];
      waiting.set(id, [...others, { resolve, reject }]);
    });
  };
}

function gone(): Problem {
  return new Problem({ status: 404, code: 'not_found', title: 'Not Found' });
}

const readAction = together<Schemas['Action']>(async (query) => {
  const { data } = await client.GET('/api/v1/actions', { params: { query } });
  return data?.data ?? [];
});
const readAgent = together<Schemas['Agent']>(async (query) => {
  const { data } = await client.GET('/api/v1/agents', { params: { query } });
  return data?.data ?? [];
});
const readIntegration = together<Schemas['Integration']>(async (query) => {
  const { data } = await client.GET('/api/v1/integrations', { params: { query } });
  return data?.data ?? [];
});

export function actionOptions(id: string) {
  const options = $api.queryOptions('get', '/api/v1/actions/{id}', { params: { path: { id } } });
  return { ...options, queryFn: () => readAction(id) };
}

export function agentOptions(id: string) {
  const options = $api.queryOptions('get', '/api/v1/agents/{id}', { params: { path: { id } } });
  return { ...options, queryFn: () => readAgent(id) };
}

export function integrationOptions(id: string) {
  const options = $api.queryOptions('get', '/api/v1/integrations/{id}', { params: { path: { id } } });
  return { ...options, queryFn: () => readIntegration(id) };
}
