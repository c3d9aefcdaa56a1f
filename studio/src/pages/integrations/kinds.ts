import type { Schemas } from '~/api/client';
import { ENVIRONMENTS, type Environment } from '~/parts/environments';

export type Kind = 'custom_api' | 'mcp_server' | 'messaging_channel';

export const KINDS: readonly { value: Kind; label: string; plural: string }[] = [
  { value: 'custom_api', label: 'Custom API', plural: 'Custom APIs' },
  { value: 'mcp_server', label: 'MCP server', plural: 'MCP servers' },
  { value: 'messaging_channel', label: 'Messaging channel', plural: 'Messaging channels' },
];

export function kindLabel(kind: string): string {
  return KINDS.find((one) => one.value === kind)?.label ?? kind;
}

/** Where each secret has a value; undefined until that is known. */
export type SecretPlaces = ReadonlyMap<string, readonly Environment[]> | undefined;

/** The names of all secrets in a value of the API. */
function secretsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('secret' in value && typeof value.secret === 'string') return [value.secret];
  return Object.values(value).flatMap(secretsIn);
}

/** Where an integration is set up: it has a slot there, if it has slots, and its secrets have values there. */
export function filledEnvironments(integration: Schemas['Integration'], places: SecretPlaces): Environment[] {
  const { kind, environments, auth, headers, api_key } = integration;
  return ENVIRONMENTS.filter((one) => {
    const slot = kind === 'custom_api' ? environments?.[one] : { auth, headers, api_key };
    return slot && secretsIn(slot).every((name) => !places || places.get(name)?.includes(one));
  });
}

/** The newest of what went wrong: a call, or fetching the tools. */
export function lastErrorOf({ last_error, discovery }: Schemas['Integration']) {
  const fetching = discovery?.error ?? null;
  if (!last_error || !fetching) return last_error ?? fetching;
  return Date.parse(fetching.at) > Date.parse(last_error.at) ? fetching : last_error;
}
