import { Group, Text } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { useNames } from '~/api/names';
import { versionWords } from '~/parts/AffectedList';
import { type Column, DataTable } from '~/parts/DataTable';
import { EmptyState, ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { RelativeTime } from '~/parts/time';
import { ConversationBadge } from './ConversationBadge';
import { ConversationFilters } from './ConversationFilters';
import { queryOf } from './filters';

type Conversation = Schemas['Conversation'];

const route = getRouteApi('/app/conversations');

/** All conversations, newest first. */
export function ConversationsPage() {
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const names = useNames();
  const list = useList('/api/v1/conversations', { query: queryOf(filters) });
  const filtered = Object.keys(filters).length > 0;
  return (
    <div className="page">
      <PageHeader
        title="Conversations"
        description="Every run of an agent, with everything it called and the results."
      />
      <ConversationFilters
        filters={filters}
        onChange={(patch) => {
          const next = Object.entries({ ...filters, ...patch }).filter(([, value]) => value);
          void navigate({ search: Object.fromEntries(next), replace: true });
        }}
      />
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={list.items.length === 0}
        whenEmpty={
          filtered ? (
            <EmptyState title="No conversation matches these filters">
              Widen them, or clear them all.
            </EmptyState>
          ) : (
            <EmptyState title="No conversations yet">
              A conversation starts when your runtime asks for one, or when you try an agent in its
              Playground. <Link to="/agents">Choose an agent</Link>.
            </EmptyState>
          )
        }
      >
        <DataTable
          label="Conversations"
          columns={columnsOf(names)}
          rows={list.items}
          rowKey={(one) => one.id}
          list={list}
        />
      </ListState>
    </div>
  );
}

function columnsOf(names: ReadonlyMap<string, string>): Column<Conversation>[] {
  return [
    {
      key: 'agent',
      label: 'Agent',
      lead: true,
      cell: (one) => (
        <Group gap={8} wrap="nowrap">
          <Link className="quiet-link" to="/conversations/$id" params={{ id: one.id }}>
            {names.get(one.agent_id) ?? one.agent_id}
          </Link>
          <Text span size="xs" c="dimmed">
            {versionWords(one.version)}
          </Text>
        </Group>
      ),
    },
    { key: 'status', label: 'Status', cell: (one) => <ConversationBadge status={one.status} /> },
    { key: 'environment', label: 'Environment', cell: (one) => one.environment },
    { key: 'state', label: 'State', cell: (one) => one.state ?? '' },
    {
      key: 'from',
      label: 'Caller',
      cell: (one) => <span className="mono">{callerOf(one)}</span>,
    },
    { key: 'at', label: 'Started', end: true, cell: (one) => <RelativeTime at={one.created_at} /> },
  ];
}

function callerOf(conversation: Conversation): string {
  const call = conversation.variables.call;
  const from = typeof call === 'object' && call !== null && 'from' in call ? call.from : undefined;
  return typeof from === 'string' ? from : '';
}
