import type { Schemas } from '~/api/client';
import { queryClient } from '~/api/queryClient';
import { putSession } from '~/api/session';

/** Nothing read before belongs to this person. */
export function enter(session: Schemas['Session']): void {
  queryClient.clear();
  putSession(session);
}

/** Only addresses of our own may follow a sign-in. */
export function safeNext(next: string | undefined): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : '/integrations';
}

/** The secret part of a one-use link: behind the `#`, so that it is never sent to a server by the browser. */
export function tokenOfLink(): string {
  return location.hash.slice(1);
}
