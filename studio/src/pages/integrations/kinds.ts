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

/** Where an integration works. What has no slots works wherever its secrets have values. */
export function filledEnvironments(integration: Schemas['Integration']): Environment[] {
  if (integration.kind !== 'custom_api') return [...ENVIRONMENTS];
  return ENVIRONMENTS.filter((one) => integration.environments?.[one]);
}
