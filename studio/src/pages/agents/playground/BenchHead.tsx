import { Button, Group, NativeSelect, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { $api, type Schemas } from '~/api/client';
import { useCan } from '~/api/session';
import { versionWords } from '~/parts/AffectedList';
import { StatusBadge } from '~/parts/badges';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { ConversationBadge } from '../../conversations/ConversationBadge';
import { useStates } from './useStates';

interface Props {
  conversation: Schemas['Conversation'];
  agentId: string;
  onNew: () => void;
}

/** Where the conversation stands, and what moves it on: its state, its phase. */
export function BenchHead({ conversation, agentId, onNew }: Props) {
  const params = { path: { id: conversation.id } };
  const meta = { refreshes: ['/api/v1/conversations'] };
  const change = $api.useMutation('patch', '/api/v1/conversations/{id}', { meta });
  const end = $api.useMutation('post', '/api/v1/conversations/{id}/end', { meta });
  const mayCall = useCan('call');
  const states = useStates(agentId, conversation.version);
  const closed = conversation.status === 'closed';
  return (
    <div className="panel" style={{ padding: '0.6rem 0.75rem' }}>
      <Group gap="sm" justify="space-between">
        <Group gap="xs">
          <ConversationBadge status={conversation.status} />
          <StatusBadge tone="plain">{conversation.phase}</StatusBadge>
          <Text size="sm">
            {versionWords(conversation.version)} in {conversation.environment}
          </Text>
          <Link to="/conversations/$id" params={{ id: conversation.id }}>
            Its page
          </Link>
        </Group>
        <Group gap="xs">
          {states.length > 0 && (
            <Group gap={6}>
              <Text size="sm" id="bench-state">
                State
              </Text>
              <NativeSelect
                size="xs"
                aria-labelledby="bench-state"
                disabled={closed || !mayCall || change.isPending}
                data={conversation.state ? states : [{ value: '', label: 'none' }, ...states]}
                value={conversation.state ?? ''}
                onChange={(event) => change.mutate({ params, body: { state: event.currentTarget.value } })}
              />
            </Group>
          )}
          {!closed && (
            <NeedButton
              need="call"
              variant="default"
              loading={end.isPending}
              onClick={() => end.mutate({ params })}
            >
              {conversation.phase === 'in_call' ? 'End the call' : 'Close'}
            </NeedButton>
          )}
          <Button variant={closed ? 'filled' : 'default'} onClick={onNew}>
            New conversation
          </Button>
        </Group>
      </Group>
      {conversation.phase === 'post_call' && !closed && (
        <Text size="xs" c="dimmed" mt={6}>
          The call has ended. Actions that may run after it can be called until the conversation is closed.
        </Text>
      )}
      <ProblemAlert error={change.error ?? end.error} />
    </div>
  );
}
