import { client, type Schemas } from './client';
import { Problem } from './problem';

type Action = Schemas['Action'];

interface Waiting {
  resolve: (action: Action) => void;
  reject: (error: unknown) => void;
}

/** The most that one request asks for; its address stays short. */
const AT_ONCE = 100;

let waiting = new Map<string, Waiting[]>();

/** Reads an action. Those that are asked for at one time are read by one request. */
export function readAction(id: string): Promise<Action> {
  if (waiting.size === 0) setTimeout(readAll);
  return new Promise((resolve, reject) => {
    const others = waiting.get(id) ?? [];
    waiting.set(id, [...others, { resolve, reject }]);
  });
}

function readAll(): void {
  const asked = [...waiting];
  waiting = new Map();
  for (let at = 0; at < asked.length; at += AT_ONCE) void readSome(asked.slice(at, at + AT_ONCE));
}

async function readSome(asked: readonly [string, Waiting[]][]): Promise<void> {
  const ids = asked.map(([id]) => id).join(',');
  try {
    const query = { ids, limit: AT_ONCE };
    const { data } = await client.GET('/api/v1/actions', { params: { query } });
    const found = new Map((data?.data ?? []).map((one) => [one.id, one]));
    for (const [id, those] of asked) {
      const action = found.get(id);
      for (const one of those) {
        if (action) one.resolve(action);
        else one.reject(gone());
      }
    }
  } catch (error) {
    for (const [, those] of asked) for (const one of those) one.reject(error);
  }
}

function gone(): Problem {
  return new Problem({ status: 404, code: 'not_found', title: 'Not Found' });
}
