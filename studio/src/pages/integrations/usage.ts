import type { Schemas } from '~/api/client';

export interface AgentUse {
  agent_id: string;
  agent_name: string;
  published: number | null;
  draft: boolean;
  locked: number[];
  actions: string[];
}

/** Who links each action, turned around: what each agent links. */
export function usesByAgent(
  actions: readonly { name: string; usage: readonly Schemas['UsageEntry'][] }[],
): AgentUse[] {
  const agents = new Map<string, AgentUse>();
  for (const action of actions) {
    for (const entry of action.usage) {
      const use = agents.get(entry.agent_id) ?? {
        agent_id: entry.agent_id,
        agent_name: entry.agent_name,
        published: null,
        draft: false,
        locked: [],
        actions: [],
      };
      agents.set(entry.agent_id, use);
      if (entry.version === 'draft') use.draft = true;
      else if (typeof entry.version === 'number') {
        if (entry.published) use.published = entry.version;
        else if (!use.locked.includes(entry.version)) use.locked.push(entry.version);
      }
      if (!use.actions.includes(action.name)) use.actions.push(action.name);
    }
  }
  return [...agents.values()].sort((a, b) => a.agent_name.localeCompare(b.agent_name));
}
