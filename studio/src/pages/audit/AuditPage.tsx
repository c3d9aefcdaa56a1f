import { Group, NativeSelect, Text } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { type Item, useList } from '~/api/list';
import { useNames } from '~/api/names';
import { type Column, DataTable } from '~/parts/DataTable';
import { EntityLink, NamedLink } from '~/parts/EntityLink';
import { EmptyState, ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { matches, SearchField } from '~/parts/SearchField';
import { RelativeTime } from '~/parts/time';
import { whoWithoutName } from '~/parts/Who';
import { AuditDetails } from './AuditDetails';
import { operationWords } from './words';

const route = getRouteApi('/app/audit');
type Entry = Item<'/api/v1/audit'>;

export function AuditPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useList('/api/v1/audit');
  const names = useNames();
  const { q, entity, actor } = search;
  const kinds = useMemo(() => [...new Set(list.items.map((one) => one.entity))].sort(), [list.items]);
  const actors = useMemo(() => [...new Set(list.items.map((one) => one.actor))].sort(), [list.items]);
  const told = new Map(list.items.map((one) => [one.actor, one.actor_name]));
  const nameOf = (id: string) => told.get(id) ?? names.get(id) ?? whoWithoutName(id);
  const shown = list.items.filter(
    (one) =>
      (!entity || one.entity === entity) &&
      (!actor || one.actor === actor) &&
      matches(q, one.operation, one.entity, one.entity_id, names.get(one.entity_id), names.get(one.actor)),
  );
  const filtered = Boolean(q || entity || actor);
  const filter = (key: 'q' | 'entity' | 'actor', value: string | undefined) =>
    void navigate({
      search: ({ [key]: _, ...rest }) => (value ? { ...rest, [key]: value } : rest),
      replace: key === 'q',
    });

  const columns: Column<Entry>[] = [
    {
      key: 'what',
      label: 'What',
      lead: true,
      cell: (one) => (
        <span>
          <b>{nameOf(one.actor)}</b> {operationWords(one.operation, one.entity)}{' '}
          {one.entity === 'action' ? (
            <NamedLink kind="action" id={one.entity_id} />
          ) : (
            <EntityLink kind={one.entity} id={one.entity_id} name={names.get(one.entity_id)} />
          )}
        </span>
      ),
    },
    {
      key: 'operation',
      label: 'Operation',
      cell: (one) => <span className="mono">{one.operation}</span>,
    },
    { key: 'more', label: 'Details', cell: (one) => <AuditDetails entry={one} /> },
    { key: 'when', label: 'When', end: true, cell: (one) => <RelativeTime at={one.at} /> },
  ];

  return (
    <div className="page">
      <PageHeader
        title="Audit log"
        description="Every change of this workspace, every sign-in and every refusal, the newest first."
      />
      <Group mb="sm" gap="sm">
        <SearchField label="Search the audit log" value={q} onChange={(next) => filter('q', next)} />
        <NativeSelect
          aria-label="Kind"
          data={[
            { value: '', label: 'All kinds' },
            ...kinds.map((one) => ({ value: one, label: one.replaceAll('_', ' ') })),
          ]}
          value={entity ?? ''}
          onChange={(event) => filter('entity', event.currentTarget.value)}
        />
        <NativeSelect
          aria-label="By whom"
          data={[
            { value: '', label: 'By anybody' },
            ...actors.map((one) => ({ value: one, label: nameOf(one) })),
          ]}
          value={actor ?? ''}
          onChange={(event) => filter('actor', event.currentTarget.value)}
        />
        {filtered && list.more && (
          <Text size="xs" c="dimmed">
            Among the {list.items.length.toLocaleString()} newest entries.
          </Text>
        )}
      </Group>
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={shown.length === 0 && !list.more}
        whenEmpty={
          filtered ? (
            <EmptyState title="No entry matches">Remove a filter.</EmptyState>
          ) : (
            <EmptyState title="Nothing has changed yet">
              Each change of an integration, an action, an agent or a secret leaves an entry here. Values of
              secrets are never in it.
            </EmptyState>
          )
        }
      >
        <DataTable label="Audit log" columns={columns} rows={shown} rowKey={(one) => one.id} list={list} />
      </ListState>
    </div>
  );
}
