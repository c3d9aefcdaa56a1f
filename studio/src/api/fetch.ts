import { Problem, problemOfResponse } from './problem';
import { reached } from './reached';

/** What the fetch wrapper must know of the session, and how it gets a new one. Set once, by `session.ts`. */
interface Gate {
  csrfToken: () => string | undefined;
  /** The workspace that this tab shows. */
  workspace: () => string | undefined;
  /** Read the session again, for its CSRF token. */
  renew: () => Promise<void>;
  /** Ask the person to sign in again over the page, for a read or a change. False when they would not. */
  signInAgain: (asked: 'read' | 'change') => Promise<boolean>;
  /** Another tab took the session elsewhere: bring it back. False when the person would not. */
  bringBack: (problem: Problem, asked: 'read' | 'change') => Promise<boolean>;
}

let gate: Gate | undefined;

export function setGate(next: Gate): void {
  gate = next;
}

/** Names the workspace that the page shows; the server does nothing in another one. */
export const WORKSPACE_HEADER = 'Switchboard-Workspace';
const SAFE = new Set(['GET', 'HEAD']);
/** A 401 of these is an answer, not an ended session. */
const AT_THE_DOOR = /^\/api\/v1\/(session$|setup$|invitations\/(inspect|accept)$)/;

/**
 * The one way to the API: adds the CSRF token and the workspace, turns failures into `Problem`, and when the session has
 * ended asks to sign in again and repeats the request, so that nobody loses what they typed.
 */
export async function apiFetch(request: Request): Promise<Response> {
  const first = await send(request.clone());
  if (first.ok) return first;
  const problem = await problemOfResponse(first);
  if (gate && (await mayRepeat(problem, request, gate))) {
    const second = await send(request);
    if (second.ok) return second;
    throw await problemOfResponse(second);
  }
  throw problem;
}

function send(request: Request): Promise<Response> {
  const token = gate?.csrfToken();
  if (token && !SAFE.has(request.method)) request.headers.set('X-CSRF-Token', token);
  const workspace = gate?.workspace();
  if (workspace) request.headers.set(WORKSPACE_HEADER, workspace);
  return reached(fetch(request, { credentials: 'same-origin' }));
}

async function mayRepeat(problem: Problem, request: Request, door: Gate): Promise<boolean> {
  if (problem.code === 'csrf_failed') {
    await door.renew();
    return true;
  }
  const asked = SAFE.has(request.method) ? 'read' : 'change';
  if (problem.code === 'workspace_changed') return door.bringBack(problem, asked);
  if (problem.status !== 401 || AT_THE_DOOR.test(new URL(request.url).pathname)) return false;
  // A wrong password in a form is also a 401, and none of the session's.
  if (problem.code === 'invalid_credentials') return false;
  if (await door.signInAgain(asked)) return true;
  throw new Problem({
    status: 401,
    code: 'signed_out',
    title: 'You are signed out',
    detail: 'Nothing was saved. Sign in, then try again: what you typed is still here.',
  });
}
