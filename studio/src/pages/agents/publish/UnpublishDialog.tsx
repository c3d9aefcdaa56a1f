import { Text } from '@mantine/core';
import { client, ifMatch, type Schemas } from '~/api/client';
import { ConfirmDelete } from '~/parts/ConfirmDelete';

export function UnpublishDialog({ agent, onClose }: { agent: Schemas['Agent']; onClose: () => void }) {
  return (
    <ConfirmDelete
      title={`Unpublish ${agent.name}?`}
      confirmLabel={`Unpublish v${agent.published_version}`}
      onClose={onClose}
      onConfirm={() =>
        client.POST('/api/v1/agents/{id}/unpublish', {
          params: { path: { id: agent.id }, header: ifMatch(agent.revision) },
        })
      }
      meta={{ done: 'Unpublished', refreshes: ['/api/v1/agents'] }}
    >
      <Text size="sm">
        The agent takes no new conversations, except tests on its draft. Running conversations continue with
        their version. You can publish a version again at any time.
      </Text>
    </ConfirmDelete>
  );
}
