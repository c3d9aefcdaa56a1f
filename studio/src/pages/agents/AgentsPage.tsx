import { Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { StatusBadge } from '~/parts/badges';
import { type Column, DataTable } from '~/parts/DataTable';
import { EmptyState, ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { NeedButton } from '~/parts/permission';
import { matches, SearchField, searched } from '~/parts/SearchField';
import { RelativeTime } from '~/parts/time';
import { NewAgentDialog } from './NewAgentDialog';

type Agent = Schemas['Agent'];
const route = getRouteApi('/app/agents');

const COLUMNS: Column<Agent>[] = [
  {
    key: 'name',
    label: 'Agent',
    lead: true,
    cell: (agent) => (
      <>
        <Link to="/agents/$id" params={{ id: agent.id }} className="quiet-link">
          {agent.name}
        </Link>
        {agent.description && (
          <Text size="xs" c="dimmed" lineClamp={1}>
            {agent.description}
          </Text>
        )}
      </>
    ),
  },
  {
    key: 'version',
    label: 'New conversations get',
    width: 190,
    cell: (agent) => <PublishedBadge agent={agent} />,
  },
  {
    key: 'drift',
    label: 'Links',
    width: 180,
    cell: (agent) =>
      agent.published_version === null ? null : agent.drifted_links ? (
        <Link
          to="/agents/$id/versions/$number"
          params={{ id: agent.id, number: String(agent.published_version) }}
        >
          {agent.drifted_links} changed since it was locked
        </Link>
      ) : (
        <Text span size="sm" c="dimmed">
          as locked
        </Text>
      ),
  },
  {
    key: 'updated',
    label: 'Changed',
    width: 140,
    end: true,
    cell: (agent) => <RelativeTime at={agent.updated_at} />,
  },
];

export function PublishedBadge({ agent }: { agent: Pick<Agent, 'published_version'> }) {
  return agent.published_version === null ? (
    <StatusBadge tone="plain">Not published</StatusBadge>
  ) : (
    <StatusBadge tone="good">{`Published v${agent.published_version}`}</StatusBadge>
  );
}

export function AgentsPage() {
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const [creating, create] = useDisclosure(false);
  const list = useList('/api/v1/agents', { query: searched(q) });
  const shown = useMemo(
    () => list.items.filter((agent) => matches(q, agent.name, agent.description)),
    [list.items, q],
  );
  const button = (
    <NeedButton need="edit" onClick={create.open}>
      New agent
    </NeedButton>
  );
  return (
    <div className="page">
      <PageHeader
        title="Agents"
        description="What a conversation runs: instructions, states, and the actions it may call."
        actions={
          <>
            <SearchField
              label="Search agents"
              value={q}
              onChange={(value) => navigate({ search: value ? { q: value } : {}, replace: true })}
            />
            {button}
          </>
        }
      />
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={list.items.length === 0}
        whenEmpty={
          <EmptyState title="No agents yet" action={button}>
            An agent says what a model is told and which actions it may call, in which step. You edit its
            draft, lock it as a version, and publish that version for new conversations.
          </EmptyState>
        }
      >
        {shown.length === 0 && !list.more ? (
          <EmptyState title="No agent matches">
            No agent has “{q}” in its name or description. Try fewer words.
          </EmptyState>
        ) : (
          <DataTable label="Agents" columns={COLUMNS} rows={shown} rowKey={(agent) => agent.id} list={list} />
        )}
      </ListState>
      {creating && <NewAgentDialog onClose={create.close} />}
    </div>
  );
}
