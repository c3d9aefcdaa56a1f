import { Group } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { $api, type Schemas } from '~/api/client';
import { versionWords } from '~/parts/AffectedList';
import { StatusBadge } from '~/parts/badges';
import { type Column, DataTable } from '~/parts/DataTable';
import { EmptyState, ListState } from '~/parts/ListState';

type Entry = Schemas['UsageEntry'];

const columns: Column<Entry>[] = [
  {
    key: 'agent',
    label: 'Agent',
    lead: true,
    cell: (one) => (
      <Link className="quiet-link" to="/agents/$id" params={{ id: one.agent_id }} search={{ tab: 'actions' }}>
        {one.agent_name}
      </Link>
    ),
  },
  {
    key: 'version',
    label: 'Version',
    cell: (one) => (
      <Group gap={6} wrap="nowrap">
        {one.version === 'draft' ? (
          <Link
            to="/agents/$id"
            params={{ id: one.agent_id }}
            search={{ tab: 'actions', ...(one.binding_ids[0] ? { binding: one.binding_ids[0] } : {}) }}
          >
            draft
          </Link>
        ) : (
          <Link to="/agents/$id/versions/$number" params={{ id: one.agent_id, number: String(one.version) }}>
            {versionWords(one.version)}
          </Link>
        )}
        {one.published && <StatusBadge tone="good">published</StatusBadge>}
      </Group>
    ),
  },
  { key: 'bindings', label: 'Links', end: true, cell: (one) => one.binding_ids.length },
];

/** Every agent's version that links the action. */
export function UsageTab({ id }: { id: string }) {
  const usage = $api.useQuery('get', '/api/v1/actions/{id}/usage', { params: { path: { id } } });
  const rows = usage.data?.data ?? [];
  return (
    <ListState
      loading={usage.isPending}
      problem={usage.error}
      onRetry={() => void usage.refetch()}
      empty={rows.length === 0}
      whenEmpty={
        <EmptyState title="No agent links this action">
          Open an agent’s Actions tab and choose <i>Add action</i> to link it there.
        </EmptyState>
      }
    >
      <DataTable
        label="Agents that use it"
        columns={columns}
        rows={rows}
        rowKey={(one) => `${one.agent_id}/${one.version}`}
      />
    </ListState>
  );
}
