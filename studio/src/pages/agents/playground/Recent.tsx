import { Group, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { useList } from '~/api/list';
import { versionWords } from '~/parts/AffectedList';
import { EmptyState, ListState } from '~/parts/ListState';
import { RelativeTime } from '~/parts/time';
import { ConversationBadge } from '../../conversations/ConversationBadge';

const MOST = 12;

/** The agent's last conversations, to go on with one. */
export function Recent({ agentId, onOpen }: { agentId: string; onOpen: (id: string) => void }) {
  const list = useList('/api/v1/conversations', { query: { agent_id: agentId, limit: MOST } });
  return (
    <Stack gap="sm">
      <Title order={2}>Recent conversations</Title>
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={list.items.length === 0}
        whenEmpty={<EmptyState title="None yet">Start one: it stays here, with its whole log.</EmptyState>}
      >
        <ul className="panel event-list" aria-label="Recent conversations">
          {list.items.slice(0, MOST).map((one) => (
            <li key={one.id} className="event-row">
              <UnstyledButton className="event-line" onClick={() => onOpen(one.id)}>
                <Group gap={8} style={{ flex: 1 }}>
                  <ConversationBadge status={one.status} />
                  <Text span size="sm">
                    {versionWords(one.version)} in {one.environment}
                  </Text>
                  <Text span size="xs" c="dimmed" ml="auto">
                    <RelativeTime at={one.created_at} />
                  </Text>
                </Group>
              </UnstyledButton>
            </li>
          ))}
        </ul>
      </ListState>
    </Stack>
  );
}
