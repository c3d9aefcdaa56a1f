import { Button, Group, NativeSelect, Text } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { useNames } from '~/api/names';
import { StatusBadge } from '~/parts/badges';
import { type Column, DataTable } from '~/parts/DataTable';
import { ENVIRONMENT_LABEL, ENVIRONMENTS } from '~/parts/environments';
import { EmptyState, ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { RelativeTime } from '~/parts/time';
import { MESSAGE_STATUSES, statusOf } from './status';

const route = getRouteApi('/app/messages');

/** All text messages, newest first. */
export function MessagesPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const names = useNames();
  const channels = useList('/api/v1/integrations', { all: true }).items.filter(
    (one) => one.kind === 'messaging_channel',
  );
  const query = {
    ...(search.channel ? { integration_id: search.channel } : {}),
    ...(search.status ? { status: search.status } : {}),
    ...(search.environment ? { environment: search.environment } : {}),
    ...(search.conversation ? { conversation_id: search.conversation } : {}),
  };
  const list = useList('/api/v1/messages', { query, refetchInterval: 10_000 });
  const filtered = Object.keys(search).length > 0;
  const change = (patch: Record<string, string | undefined>) => {
    const next = Object.entries({ ...search, ...patch }).filter(([, value]) => value);
    void navigate({ search: Object.fromEntries(next), replace: true });
  };
  return (
    <div className="page">
      <PageHeader title="Messages" description="Text messages that agents sent, and what became of them." />
      <Group gap="xs" align="flex-end" mb="sm" role="search" aria-label="Filter messages">
        <NativeSelect
          size="xs"
          label="Channel"
          data={[{ value: '', label: 'All' }, ...channels.map((one) => ({ value: one.id, label: one.name }))]}
          value={search.channel ?? ''}
          onChange={(event) => change({ channel: event.currentTarget.value })}
        />
        <NativeSelect
          size="xs"
          label="Status"
          data={[
            { value: '', label: 'All' },
            ...MESSAGE_STATUSES.map((one) => ({ value: one, label: statusOf(one).label })),
          ]}
          value={search.status ?? ''}
          onChange={(event) => change({ status: event.currentTarget.value })}
        />
        <NativeSelect
          size="xs"
          label="Environment"
          data={[
            { value: '', label: 'All' },
            ...ENVIRONMENTS.map((one) => ({ value: one, label: ENVIRONMENT_LABEL[one] })),
          ]}
          value={search.environment ?? ''}
          onChange={(event) => change({ environment: event.currentTarget.value })}
        />
        {search.conversation && <Text size="sm">of one conversation</Text>}
        {filtered && (
          <Button variant="subtle" onClick={() => void navigate({ search: {}, replace: true })}>
            Clear
          </Button>
        )}
      </Group>
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={list.items.length === 0}
        whenEmpty={
          filtered ? (
            <EmptyState title="No message matches these filters">Widen them, or clear them all.</EmptyState>
          ) : (
            <EmptyState title="No text messages yet">
              Agents send them through a messaging channel.{' '}
              <Link to="/integrations/new/messaging-channel">Add a channel</Link>, then give an agent an
              action that sends one.
            </EmptyState>
          )
        }
      >
        <DataTable
          label="Messages"
          columns={columnsOf(names)}
          rows={list.items}
          rowKey={(one) => one.id}
          list={list}
        />
      </ListState>
    </div>
  );
}

function columnsOf(names: ReadonlyMap<string, string>): Column<Schemas['Message']>[] {
  return [
    {
      key: 'to',
      label: 'To',
      lead: true,
      cell: (one) => (
        <Link className="quiet-link" to="/messages/$id" params={{ id: one.id }}>
          <span className="mono">{one.to}</span>
        </Link>
      ),
    },
    {
      key: 'text',
      label: 'Text',
      cell: (one) => (
        <Text span size="sm" c="dimmed" lineClamp={1} maw={360}>
          {one.text}
        </Text>
      ),
    },
    {
      key: 'status',
      label: 'Status',
      cell: (one) => {
        const about = statusOf(one.status);
        return <StatusBadge tone={about.tone}>{about.label}</StatusBadge>;
      },
    },
    { key: 'channel', label: 'Channel', cell: (one) => names.get(one.integration_id) ?? '' },
    { key: 'parts', label: 'Parts', cell: (one) => one.parts },
    { key: 'at', label: 'Asked for', end: true, cell: (one) => <RelativeTime at={one.created_at} /> },
  ];
}
