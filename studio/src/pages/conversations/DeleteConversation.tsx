import { Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { client } from '~/api/client';
import { ConfirmDelete } from '~/parts/ConfirmDelete';

/** Deleting a conversation, with everything that belongs to it. */
export function DeleteConversation({ id, onClose }: { id: string; onClose: () => void }) {
  const navigate = useNavigate();
  return (
    <ConfirmDelete
      title="Delete this conversation?"
      confirmLabel="Delete conversation"
      onConfirm={async () => {
        await client.DELETE('/api/v1/conversations/{id}', { params: { path: { id } } });
        await navigate({ to: '/conversations' });
      }}
      onClose={onClose}
      meta={{ done: 'Conversation deleted', refreshes: ['/api/v1/conversations', '/api/v1/messages'] }}
    >
      <Text size="sm">
        Its events, its text messages and the answers that are kept for repeated calls go with it. This cannot
        be undone.
      </Text>
    </ConfirmDelete>
  );
}
