import type { Schemas } from '~/api/client';
import type { Kind } from './kinds';

type Answer = Pick<Schemas['ConnectionTestAnswer'], 'http_status' | 'tools'>;

/** Whether the answer tells that the credentials are taken, as far as one can be told. */
export function isTelling(kind: Kind, { http_status, tools }: Answer): boolean {
  if (tools !== null || kind === 'messaging_channel') return true;
  return http_status !== null && http_status < 300;
}

/** What is known after a test without an error, and nothing more. */
export function connectionWords(kind: Kind, answer: Answer): string {
  const { http_status, tools } = answer;
  if (tools !== null) return `The server offers ${tools} ${tools === 1 ? 'tool' : 'tools'}.`;
  // A provider says only to a valid key that it knows no such message.
  if (kind === 'messaging_channel') return 'The provider accepts the API key.';
  const said = `The service answered the base URL with status ${http_status ?? '?'}`;
  if (isTelling(kind, answer)) return `${said} and did not refuse the credentials.`;
  if (http_status === 404) {
    return `${said}: there is nothing at the base URL itself, so this does not tell whether it accepts the credentials. Try an action.`;
  }
  return `${said}, which does not tell whether it accepts the credentials. Try an action.`;
}
