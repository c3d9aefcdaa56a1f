import { List, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { client, ifMatch, type Schemas } from '~/api/client';
import { ConfirmDelete } from '~/parts/ConfirmDelete';

interface Affected {
  running: number;
  more: boolean;
  versions: number;
}

/** Deleting an agent, with what it takes along. */
export function DeleteAgent({ agent, onClose }: { agent: Schemas['Agent']; onClose: () => void }) {
  const navigate = useNavigate();
  async function load(): Promise<Affected> {
    const path = { id: agent.id };
    const [running, versions] = await Promise.all([
      client.GET('/api/v1/conversations', {
        params: { query: { agent_id: agent.id, limit: 100 } },
      }),
      client.GET('/api/v1/agents/{id}/versions', { params: { path, query: { limit: 1, document: false } } }),
    ]);
    return {
      running: running.data?.data.filter((one) => one.status === 'active').length ?? 0,
      more: Boolean(running.data?.next),
      versions: versions.data?.data[0]?.number ?? 0,
    };
  }
  return (
    <ConfirmDelete
      title={`Delete the agent ${agent.name}?`}
      confirmLabel="Delete agent"
      load={load}
      affected={(found) => (
        <List size="sm">
          <List.Item>
            {agent.published_version === null
              ? 'It is not published, so no new conversation uses it.'
              : `It is published: runtimes that start conversations with it are refused from now on.`}
          </List.Item>
          <List.Item>
            {found.running === 0
              ? 'No conversation of it is running.'
              : `${found.running}${found.more ? ' or more' : ''} of its conversations ${found.running === 1 ? 'is' : 'are'} running.`}
          </List.Item>
          <List.Item>
            Its draft and {found.versions} locked {found.versions === 1 ? 'version goes' : 'versions go'} with
            it.
          </List.Item>
          <List.Item>Shared actions that it links stay.</List.Item>
        </List>
      )}
      onConfirm={async () => {
        await client.DELETE('/api/v1/agents/{id}', {
          params: { path: { id: agent.id }, header: ifMatch(agent.revision) },
        });
        await navigate({ to: '/agents', ignoreBlocker: true });
      }}
      onClose={onClose}
      meta={{ done: 'Agent deleted', refreshes: ['/api/v1/agents'] }}
    >
      <Text size="sm">This cannot be undone.</Text>
    </ConfirmDelete>
  );
}
