import { Group, Menu, Text } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { Item } from '~/api/list';
import { useList } from '~/api/list';
import { useCan } from '~/api/session';
import { EnvironmentDots } from '~/parts/badges';
import { type Column, DataTable } from '~/parts/DataTable';
import { EmptyState, ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { NeedButton } from '~/parts/permission';
import { RowMenu } from '~/parts/RowMenu';
import { matches, SearchField, searched } from '~/parts/SearchField';
import { SecretDialog } from '~/parts/SecretDialog';
import { RelativeTime } from '~/parts/time';
import { UsedBy } from '~/parts/UsedBy';
import { DeleteSecret } from './DeleteSecret';

const route = getRouteApi('/app/secrets');
type Secret = Item<'/api/v1/secrets'>;

type Open = { what: 'new' } | { what: 'edit' | 'delete'; secret: Secret } | null;

export function SecretsPage() {
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useList('/api/v1/secrets', { query: searched(q) });
  const [open, setOpen] = useState<Open>(null);
  const mayEdit = useCan('edit');
  const shown = useMemo(() => list.items.filter((one) => matches(q, one.name)), [list.items, q]);
  const close = () => setOpen(null);

  const columns: Column<Secret>[] = [
    {
      key: 'name',
      label: 'Name',
      lead: true,
      cell: (one) => <span className="mono wrap-anywhere">{one.name}</span>,
    },
    { key: 'set', label: 'Has a value in', cell: (one) => <EnvironmentDots filled={one.environments} /> },
    {
      key: 'origins',
      label: 'May be sent to',
      cell: (one) =>
        one.allowed_origins.length === 0 ? (
          <Text size="sm" c="dimmed">
            Where it is used first
          </Text>
        ) : (
          <span className="mono wrap-anywhere">{one.allowed_origins.join(', ')}</span>
        ),
    },
    { key: 'uses', label: 'Used by', cell: (one) => <UsedBy uses={one.used_by} of={one.name} /> },
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
          <Menu.Item onClick={() => setOpen({ what: 'edit', secret: one })}>
            Set values and origins…
          </Menu.Item>
          <Menu.Item color="red" onClick={() => setOpen({ what: 'delete', secret: one })}>
            Delete…
          </Menu.Item>
        </RowMenu>
      ),
    });
  }
  const add = (
    <NeedButton need="edit" onClick={() => setOpen({ what: 'new' })}>
      New secret
    </NeedButton>
  );

  return (
    <div className="page">
      <PageHeader
        title="Secrets"
        description="Credentials that integrations refer to by name. Values are sealed, and nobody can read them back."
        actions={add}
      />
      <Group mb="sm">
        <SearchField
          label="Search secrets"
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
            <EmptyState title="No secret has that name">Try fewer letters.</EmptyState>
          ) : (
            <EmptyState title="No secrets yet" action={add}>
              A secret is a token, a password or a key of an outside service, with one value for each
              environment. Integrations use it by its name, so it is stored in one place only.
            </EmptyState>
          )
        }
      >
        <DataTable label="Secrets" columns={columns} rows={shown} rowKey={(one) => one.id} list={list} />
      </ListState>
      {open?.what === 'new' && <SecretDialog onClose={close} onSaved={close} />}
      {open?.what === 'edit' && <SecretDialog secret={open.secret} onClose={close} onSaved={close} />}
      {open?.what === 'delete' && <DeleteSecret secret={open.secret} onClose={close} />}
    </div>
  );
}
