import { Group, Menu, SegmentedControl } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { client } from '~/api/client';
import { type Item, useList } from '~/api/list';
import { useCan, whyNot } from '~/api/session';
import { StatusBadge } from '~/parts/badges';
import { ConfirmDelete } from '~/parts/ConfirmDelete';
import { type Column, DataTable } from '~/parts/DataTable';
import { EmptyState, ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { NeedButton } from '~/parts/permission';
import { RowMenu } from '~/parts/RowMenu';
import { matches, SearchField, searched } from '~/parts/SearchField';
import { RelativeTime } from '~/parts/time';
import { Who } from '~/parts/Who';
import { NewKeyDialog } from './NewKeyDialog';
import { SCOPES } from './scopes';

const route = getRouteApi('/app/api-keys');
type Key = Item<'/api/v1/api-keys'>;

function hasExpired(one: Key): boolean {
  return !!one.expires_at && new Date(one.expires_at).getTime() <= Date.now();
}

function State({ one }: { one: Key }) {
  if (one.revoked_at) {
    return (
      <Group gap={6} wrap="nowrap">
        <StatusBadge tone="plain">revoked</StatusBadge>
        <RelativeTime at={one.revoked_at} />
      </Group>
    );
  }
  if (hasExpired(one)) return <StatusBadge tone="plain">expired</StatusBadge>;
  if (one.maker_gone) {
    return (
      <span title="It was made by somebody who is no longer a member, or by a key that was revoked. Revoke it unless it is still needed.">
        <StatusBadge tone="warn">creator gone</StatusBadge>
      </span>
    );
  }
  return <StatusBadge tone="good">active</StatusBadge>;
}

export function ApiKeysPage() {
  const { q, show } = route.useSearch();
  const navigate = route.useNavigate();
  // All of them: revoked ones are left out here, and a page of those alone must not look empty.
  const list = useList('/api/v1/api-keys', { all: true, query: searched(q) });
  const admin = useCan('admin');
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const shown = useMemo(
    () => list.items.filter((one) => matches(q, one.name, one.prefix) && (show === 'all' || !one.revoked_at)),
    [list.items, q, show],
  );
  const add = (
    <NeedButton need="admin" onClick={() => setCreating(true)}>
      New API key
    </NeedButton>
  );
  const columns: Column<Key>[] = [
    { key: 'name', label: 'Name', lead: true, cell: (one) => <b>{one.name}</b> },
    { key: 'prefix', label: 'Starts with', cell: (one) => <span className="mono">{one.prefix}…</span> },
    {
      key: 'scope',
      label: 'Scope',
      cell: (one) => <span title={SCOPES.find((scope) => scope.value === one.scope)?.may}>{one.scope}</span>,
    },
    {
      key: 'created',
      label: 'Made',
      cell: (one) => (
        <>
          <RelativeTime at={one.created_at} />
          {one.created_by && (
            <>
              {' by '}
              <Who id={one.created_by} />
            </>
          )}
        </>
      ),
    },
    { key: 'used', label: 'Last used', cell: (one) => <RelativeTime at={one.last_used_at} /> },
    {
      key: 'expires',
      label: 'Expires',
      cell: (one) => <RelativeTime at={one.expires_at} may={hasExpired(one) ? 'past' : 'future'} />,
    },
    { key: 'state', label: 'State', cell: (one) => <State one={one} /> },
    {
      key: 'menu',
      label: 'Actions',
      quiet: true,
      end: true,
      cell: (one) =>
        admin && !one.revoked_at ? (
          <RowMenu label={`Actions for ${one.name}`}>
            <Menu.Item color="red" onClick={() => setRevoking(one)}>
              Revoke…
            </Menu.Item>
          </RowMenu>
        ) : null,
    },
  ];

  return (
    <div className="page">
      <PageHeader
        title="API keys"
        description="What programs sign in with. A key belongs to this workspace and may do what its scope says."
        actions={add}
      />
      <Group mb="sm" gap="sm">
        <SearchField
          label="Search API keys"
          value={q}
          onChange={(next) =>
            void navigate({
              search: ({ q: _, ...rest }) => (next ? { ...rest, q: next } : rest),
              replace: true,
            })
          }
        />
        <SegmentedControl
          size="xs"
          aria-label="Which keys"
          data={[
            { value: 'active', label: 'Active' },
            { value: 'all', label: 'Including revoked ones' },
          ]}
          value={show ?? 'active'}
          onChange={(value) =>
            void navigate({
              search: ({ show: _, ...rest }) => (value === 'all' ? { ...rest, show: 'all' } : rest),
            })
          }
        />
      </Group>
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={shown.length === 0}
        whenEmpty={
          q ? (
            <EmptyState title="No API key matches">
              Try fewer letters, or show the revoked ones too.
            </EmptyState>
          ) : (
            <EmptyState title="No API keys yet" action={add}>
              The program that runs your agents needs one of the scope <b>run</b>. It is shown once, when it
              is made.
              {!admin && <> {whyNot('admin')}</>}
            </EmptyState>
          )
        }
      >
        <DataTable label="API keys" columns={columns} rows={shown} rowKey={(one) => one.id} list={list} />
      </ListState>
      {creating && <NewKeyDialog onClose={() => setCreating(false)} />}
      {revoking && (
        <ConfirmDelete
          title={`Revoke the API key ${revoking.name}?`}
          confirmLabel="Revoke"
          onConfirm={() => client.DELETE('/api/v1/api-keys/{id}', { params: { path: { id: revoking.id } } })}
          meta={{ done: `Revoked ${revoking.name}`, refreshes: ['/api/v1/api-keys'] }}
          onClose={() => setRevoking(null)}
        >
          Whatever uses the key <span className="mono">{revoking.prefix}…</span> is refused within a second,
          conversations under way included. This cannot be undone: make a new key and switch to it first.
        </ConfirmDelete>
      )}
    </div>
  );
}
