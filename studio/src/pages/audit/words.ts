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
  relink: 'relinked an action of',
  invite: 'invited',
  accept: 'accepted the invitation of',
};

/** What is said otherwise than by its verb and its thing. */
const WHOLE: Record<string, string> = {
  'session.create': 'signed in:',
  'session.refuse': 'could not sign in as',
  'request.refuse': 'was refused',
  'secret.allow_origin': 'allowed another place for the secret',
  'integration.test': 'tested a connection',
};

const THINGS: Record<string, string> = { api_key: 'API key' };

/** `integration.update` as people say it: `changed the integration`. */
export function operationWords(operation: string, entity: string): string {
  const whole = WHOLE[operation];
  if (whole) return whole;
  const [thing = '', verb = operation] = operation.split('.');
  const words = VERBS[verb] ?? verb.replaceAll('_', ' ');
  const what = thing === 'draft' ? `the draft of the ${entity}` : `the ${entity}`;
  return `${words} ${what.replace(entity, THINGS[entity] ?? entity.replaceAll('_', ' '))}`;
}
