import { Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { StatusBadge } from '~/parts/badges';
import { type Column, DataTable } from '~/parts/DataTable';
import { EmptyState, ListState } from '~/parts/ListState';
import { type AgentUse, usesByAgent } from './usage';

/** Which agents and versions link the actions of an integration. */
export function UsageTab({ integration }: { integration: Schemas['Integration'] }) {
  const list = useList('/api/v1/integrations/{id}/actions', {
    path: { id: integration.id },
    query: { limit: 50, expand: 'usage' },
  });
  const uses = useMemo(
    () => usesByAgent(list.items.map((one) => ({ name: one.name, usage: one.usage ?? [] }))),
    [list.items],
  );

  const columns: Column<AgentUse>[] = [
    {
      key: 'agent',
      label: 'Agent',
      lead: true,
      cell: (one) => (
        <Link
          className="quiet-link"
          to="/agents/$id"
          params={{ id: one.agent_id }}
          search={{ tab: 'actions' }}
        >
          {one.agent_name}
        </Link>
      ),
    },
    { key: 'versions', label: 'In', cell: (one) => <Versions use={one} /> },
    {
      key: 'actions',
      label: integration.kind === 'mcp_server' ? 'Tools' : 'Actions',
      cell: (one) => <span className="mono wrap-anywhere">{one.actions.join(', ')}</span>,
    },
  ];

  return (
    <Stack gap="sm">
      <Text c="dimmed">Every change of an action here is live for these agents from their next call on.</Text>
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={uses.length === 0 && !list.more}
        whenEmpty={
          <EmptyState title="No agent uses it yet">
            Open an agent, go to its Actions tab, and link actions of this integration.
          </EmptyState>
        }
      >
        <DataTable label="Usage" columns={columns} rows={uses} rowKey={(one) => one.agent_id} list={list} />
      </ListState>
    </Stack>
  );
}

function Versions({ use }: { use: AgentUse }) {
  return (
    <Group gap={4}>
      {use.published !== null && <StatusBadge tone="good">{`v${use.published}, published`}</StatusBadge>}
      {use.draft && <StatusBadge tone="plain">draft</StatusBadge>}
      {use.locked.length > 0 && (
        <Text size="xs" c="dimmed">
          and {use.locked.length} older {use.locked.length === 1 ? 'version' : 'versions'}
        </Text>
      )}
    </Group>
  );
}
