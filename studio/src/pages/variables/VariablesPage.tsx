import { Group, Menu, Text } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { client } from '~/api/client';
import { type Item, useList } from '~/api/list';
import { useCan } from '~/api/session';
import { ConfirmDelete } from '~/parts/ConfirmDelete';
import { type Column, DataTable } from '~/parts/DataTable';
import { ENVIRONMENT_LABEL, ENVIRONMENTS } from '~/parts/environments';
import { EmptyState, ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { NeedButton } from '~/parts/permission';
import { RowMenu } from '~/parts/RowMenu';
import { matches, SearchField, searched } from '~/parts/SearchField';
import { RelativeTime } from '~/parts/time';
import { VariableDialog } from './VariableDialog';
import { textOf } from './values';

const route = getRouteApi('/app/variables');
type Variable = Item<'/api/v1/variables'>;
type Open = { what: 'new' } | { what: 'edit' | 'delete'; variable: Variable } | null;

export function VariablesPage() {
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useList('/api/v1/variables', { query: searched(q) });
  const [open, setOpen] = useState<Open>(null);
  const mayEdit = useCan('edit');
  const shown = useMemo(() => list.items.filter((one) => matches(q, one.name)), [list.items, q]);
  const close = () => setOpen(null);

  const columns: Column<Variable>[] = [
    {
      key: 'name',
      label: 'Name',
      lead: true,
      cell: (one) => <span className="mono wrap-anywhere">{one.name}</span>,
    },
    ...ENVIRONMENTS.map((environment) => ({
      key: environment,
      label: ENVIRONMENT_LABEL[environment],
      cell: (one: Variable) => <Value value={one.values[environment]} />,
    })),
    { key: 'changed', label: 'Changed', cell: (one) => <RelativeTime at={one.updated_at} /> },
  ];
  if (mayEdit) {
    columns.push({
      key: 'menu',
      label: 'Actions',
      quiet: true,
      end: true,
      cell: (one) => (
        <RowMenu label={`Actions for ${one.name}`}>
          <Menu.Item onClick={() => setOpen({ what: 'edit', variable: one })}>Set values…</Menu.Item>
          <Menu.Item color="red" onClick={() => setOpen({ what: 'delete', variable: one })}>
            Delete…
          </Menu.Item>
        </RowMenu>
      ),
    });
  }
  const add = (
    <NeedButton need="edit" onClick={() => setOpen({ what: 'new' })}>
      New variable
    </NeedButton>
  );

  return (
    <div className="page">
      <PageHeader
        title="Variables"
        description="Settings that differ between environments and are no secret. Templates read them as workspace.name."
        actions={add}
      />
      <Group mb="sm">
        <SearchField
          label="Search variables"
          value={q}
          onChange={(next) => void navigate({ search: next ? { q: next } : {}, replace: true })}
        />
      </Group>
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={shown.length === 0 && !list.more}
        whenEmpty={
          q ? (
            <EmptyState title="No variable has that name">Try fewer letters.</EmptyState>
          ) : (
            <EmptyState title="No variables yet" action={add}>
              A variable is for what is different in each environment and may be read by everybody: a region,
              a company’s name, a limit. Headers and body templates use it as{' '}
              <span className="mono">{'{{ workspace.region }}'}</span>.
            </EmptyState>
          )
        }
      >
        <DataTable label="Variables" columns={columns} rows={shown} rowKey={(one) => one.id} list={list} />
      </ListState>
      {open?.what === 'new' && <VariableDialog onClose={close} />}
      {open?.what === 'edit' && <VariableDialog variable={open.variable} onClose={close} />}
      {open?.what === 'delete' && (
        <ConfirmDelete
          title={`Delete the variable ${open.variable.name}?`}
          onConfirm={() =>
            client.DELETE('/api/v1/variables/{name}', { params: { path: { name: open.variable.name } } })
          }
          meta={{ done: `Deleted ${open.variable.name}`, refreshes: ['/api/v1/variables'] }}
          onClose={close}
        >
          Calls whose templates read <span className="mono">workspace.{open.variable.name}</span> fail until
          it is there again, unless the template has a default. Publishing an agent warns about such
          templates.
        </ConfirmDelete>
      )}
    </div>
  );
}

function Value({ value }: { value: unknown }) {
  if (value === undefined || value === null) {
    return (
      <Text size="sm" c="dimmed">
        empty
      </Text>
    );
  }
  const text = textOf(value, 'text');
  return (
    <Text size="sm" lineClamp={2} title={text} className={typeof value === 'string' ? undefined : 'mono'}>
      {text}
    </Text>
  );
}
