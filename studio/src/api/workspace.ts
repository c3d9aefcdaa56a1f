import type { Problem } from './problem';

/** Where the session went while this tab showed another workspace. */
export interface Elsewhere {
  name: string;
}

type Waiting = { elsewhere: Elsewhere; answer: Promise<boolean>; resolve: (goesOn: boolean) => void };
let waiting: Waiting | undefined;
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

function elsewhereOf(problem: Problem): Elsewhere {
  const { workspace } = problem.body;
  const isNamed = typeof workspace === 'object' && workspace !== null && 'name' in workspace;
  return { name: isNamed ? String(workspace.name) : '' };
}

/**
 * The question for the person: all requests that found the session in another workspace wait for its
 * one answer, and are repeated when the session is back in the workspace of this tab.
 */
export const workspaceRequest = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  pending: (): Elsewhere | undefined => waiting?.elsewhere,
  ask(problem: Problem): Promise<boolean> {
    if (!waiting) {
      let resolve: Waiting['resolve'] = () => undefined;
      const answer = new Promise<boolean>((done) => {
        resolve = done;
      });
      waiting = { elsewhere: elsewhereOf(problem), answer, resolve };
      tell();
    }
    return waiting.answer;
  },
  answer(goesOn: boolean): void {
    waiting?.resolve(goesOn);
    waiting = undefined;
    tell();
  },
};
