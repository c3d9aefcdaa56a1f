import { Menu, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { client, type Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { ConfirmDelete } from '~/parts/ConfirmDelete';
import { type Column, DataTable } from '~/parts/DataTable';
import { ListState } from '~/parts/ListState';
import { NeedButton } from '~/parts/permission';
import { RowMenu } from '~/parts/RowMenu';
import { matches, searched } from '~/parts/SearchField';
import { RelativeTime } from '~/parts/time';
import { Who } from '~/parts/Who';

interface Props {
  /** Only those that are found by this. */
  q: string | undefined;
  onInvite: () => void;
}

export function Invitations({ q, onInvite }: Props) {
  const list = useList('/api/v1/invitations', { query: searched(q) });
  const shown = useMemo(() => list.items.filter((one) => matches(q, one.email)), [list.items, q]);
  const [revoking, setRevoking] = useState<Schemas['Invitation'] | null>(null);
  const columns: Column<Schemas['Invitation']>[] = [
    {
      key: 'email',
      label: 'E-mail',
      lead: true,
      cell: (one) => <span className="wrap-anywhere">{one.email}</span>,
    },
    { key: 'role', label: 'Role', cell: (one) => one.role },
    {
      key: 'by',
      label: 'Invited by',
      cell: (one) => <Who id={one.invited_by} />,
    },
    { key: 'until', label: 'Expires', cell: (one) => <RelativeTime at={one.expires_at} may="future" /> },
    {
      key: 'menu',
      label: 'Actions',
      quiet: true,
      end: true,
      cell: (one) => (
        <RowMenu label={`Actions for the invitation of ${one.email}`}>
          <Menu.Item color="red" onClick={() => setRevoking(one)}>
            Withdraw…
          </Menu.Item>
        </RowMenu>
      ),
    },
  ];
  return (
    <>
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={shown.length === 0 && !list.more}
        whenEmpty={
          q ? (
            <Text c="dimmed">No open invitation is for such an address.</Text>
          ) : (
            <Text c="dimmed">
              None.{' '}
              <NeedButton need="admin" variant="subtle" size="compact-sm" onClick={onInvite}>
                Invite somebody
              </NeedButton>
            </Text>
          )
        }
      >
        <DataTable
          label="Open invitations"
          columns={columns}
          rows={shown}
          rowKey={(one) => one.id}
          list={list}
        />
      </ListState>
      {revoking && (
        <ConfirmDelete
          title={`Withdraw the invitation of ${revoking.email}?`}
          confirmLabel="Withdraw"
          onConfirm={() =>
            client.DELETE('/api/v1/invitations/{id}', { params: { path: { id: revoking.id } } })
          }
          meta={{ done: 'Invitation withdrawn', refreshes: ['/api/v1/invitations'] }}
          onClose={() => setRevoking(null)}
        >
          Its link stops working at once.
        </ConfirmDelete>
      )}
    </>
  );
}
