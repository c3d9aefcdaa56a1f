const VERBS: Record<string, string> = {
  create: 'created',
  update: 'changed',
  delete: 'deleted',
  undelete: 'brought back',
  move: 'moved',
  approve: 'approved the changed tool',
  refresh: 'fetched the tools of',
  revoke: 'revoked',
  lock: 'locked a version of',
  publish: 'published a version of',
  unpublish: 'unpublished',
  restore: 'restored a version of',
  review: 'reviewed a changed link of',
  promote: 'promoted an action of',
  relink: 'linked again an action of',
  invite: 'invited',
  accept: 'accepted the invitation of',
};

const THINGS: Record<string, string> = { api_key: 'API key' };

/** `integration.update` as people say it: `changed the integration`. */
export function operationWords(operation: string, entity: string): string {
  const [thing = '', verb = operation] = operation.split('.');
  const words = VERBS[verb] ?? verb.replaceAll('_', ' ');
  const what = thing === 'draft' ? `the draft of the ${entity}` : `the ${entity}`;
  return `${words} ${what.replace(entity, THINGS[entity] ?? entity.replaceAll('_', ' '))}`;
}
