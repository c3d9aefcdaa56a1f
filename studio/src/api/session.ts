import { useQuery } from '@tanstack/react-query';
import { $api, client, type Schemas } from './client';
import { setGate } from './fetch';
import { queryClient } from './queryClient';
import { workspaceRequest } from './workspace';

type Role = Schemas['Role'];
type Session = Schemas['Session'];

export const sessionOptions = $api.queryOptions('get', '/api/v1/session', {}, { staleTime: 300_000 });

/** Take a session that the server just gave. */
export function putSession(session: Session): void {
  queryClient.setQueryData(sessionOptions.queryKey, session);
}

export function currentSession(): Session | undefined {
  return queryClient.getQueryData<Session>(sessionOptions.queryKey);
}

/** The session; pages inside the shell always have one. */
export function useSession(): Session {
  const { data } = useQuery(sessionOptions);
  if (!data) throw new Error('there is no session here');
  return data;
}

export type Need = 'call' | 'edit' | 'admin' | 'own';

const RANK: Record<Role, number> = { viewer: 0, editor: 1, admin: 2, owner: 3 };
const NEEDED: Record<Need, Role> = { call: 'editor', edit: 'editor', admin: 'admin', own: 'owner' };

export function can(role: Role, need: Need): boolean {
  return RANK[role] >= RANK[NEEDED[need]];
}

/** Whether the signed-in person may do this; what they may not is absent, or disabled with `whyNot`. */
export function useCan(need: Need): boolean {
  return can(useSession().role, need);
}

export function whyNot(need: Need): string {
  const role = NEEDED[need];
  return `You need the role ${role}${role === 'owner' ? '' : ' or higher'} in this workspace. Ask an admin.`;
}

/** When somebody would rather not sign in again now, and when they last followed or pressed something. */
let declinedAt: number | undefined;
let actedAt = 0;
const A_MOMENT = 1_000;
if (typeof window !== 'undefined') {
  const acted = () => {
    actedAt = Date.now();
  };
  window.addEventListener('click', acted, true);
  window.addEventListener('popstate', acted);
  window.addEventListener('keydown', (event) => event.key === 'Enter' && acted(), true);
}

/**
 * Whether to ask once more after a "Not now": for a change, and for what is read because of a click just
 * now. Not for what the page reads by itself from time to time.
 */
export function asksAgain(asked: 'read' | 'change', now: number, acted: number, declined?: number): boolean {
  if (declined === undefined || asked === 'change') return true;
  return acted > declined && now - acted < A_MOMENT;
}

type Asked = { resolve: (signedIn: boolean) => void };
let asked: Promise<boolean> | undefined;
let answer: Asked | undefined;
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

/** The sign-in dialog's side of it: is one asked for, and the answer. */
export const signInRequest = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  pending: (): boolean => asked !== undefined,
  answer(signedIn: boolean): void {
    answer?.resolve(signedIn);
    declinedAt = signedIn ? undefined : Date.now();
    asked = undefined;
    answer = undefined;
    tell();
  },
};

let stayedAt: number | undefined;

setGate({
  csrfToken: () => currentSession()?.csrf_token,
  // Only what this tab was told to show: reading the session again from elsewhere is refused.
  workspace: () => currentSession()?.workspace.id,
  bringBack: async (problem, what) => {
    if (!currentSession()) return false;
    if (!workspaceRequest.pending() && !asksAgain(what, Date.now(), actedAt, stayedAt)) return false;
    const goesOn = await workspaceRequest.ask(problem);
    stayedAt = goesOn ? undefined : Date.now();
    return goesOn;
  },
  renew: async () => {
    const { data } = await client.GET('/api/v1/session');
    if (data) putSession(data);
  },
  signInAgain: (what) => {
    // Before the first session there is no page to sign in over; the router leads to /sign-in.
    if (!currentSession()) return Promise.resolve(false);
    if (!asked && !asksAgain(what, Date.now(), actedAt, declinedAt)) return Promise.resolve(false);
    asked ??= new Promise((resolve) => {
      answer = { resolve };
    });
    tell();
    return asked;
  },
});
