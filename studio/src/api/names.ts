import { useMemo } from 'react';
import { useList } from './list';
import { useCan } from './session';

/** Names of integrations, agents, members and API keys by their id, as far as they were read. */
export function useNames(): ReadonlyMap<string, string> {
  const admin = useCan('admin');
  const integrations = useList('/api/v1/integrations').items;
  const agents = useList('/api/v1/agents').items;
  const members = useList('/api/v1/members').items;
  const keys = useList('/api/v1/api-keys', { enabled: admin }).items;
  return useMemo(
    () => new Map([...integrations, ...agents, ...members, ...keys].map((one) => [one.id, one.name])),
    [integrations, agents, members, keys],
  );
}
