import type { Schemas } from '~/api/client';

/**
 * What waits for approval: from the shape that was approved last (or came first) to the one there is now.
 * `revisions` are newest first.
 */
export function heldChange(
  revisions: readonly Pick<Schemas['Revision'], 'change' | 'before' | 'after'>[],
): { before: unknown; after: unknown } | undefined {
  const newest = revisions[0];
  if (!newest) return undefined;
  let before: unknown;
  for (const revision of revisions) {
    if (revision.change === 'approved' || revision.change === 'created') break;
    if (revision.change === 'updated') before = revision.before;
  }
  return before === undefined ? undefined : { before, after: newest.after };
}
