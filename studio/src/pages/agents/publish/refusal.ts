import type { Schemas } from '~/api/client';
import type { Problem } from '~/api/problem';

export type Broken = Schemas['BrokenReference'];
export type PublishProblem = Schemas['PublishProblem'];

export function isBlocked(problem: Problem): boolean {
  return problem.code === 'broken_references' || problem.code === 'not_publishable';
}

function listIn<T>(problem: Problem, member: string): T[] {
  const found = problem.body[member];
  return Array.isArray(found) ? (found as T[]) : [];
}

export function brokenIn(problem: Problem): Broken[] {
  return listIn<Broken>(problem, 'broken_references');
}

export function problemsIn(problem: Problem): PublishProblem[] {
  return listIn<PublishProblem>(problem, 'problems');
}

export const REASON: Record<Broken['reason'], string> = {
  deleted: 'was deleted',
  moved: 'was moved to another integration',
  integration_deleted: 'went with its integration, which was deleted',
};
