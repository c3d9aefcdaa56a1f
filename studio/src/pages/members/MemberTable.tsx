import { Menu, NativeSelect, Stack, Text } from '@mantine/core';
import { $api, type Schemas } from '~/api/client';
import type { List } from '~/api/list';
import { can, useSession } from '~/api/session';
import { type Column, DataTable } from '~/parts/DataTable';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { RowMenu } from '~/parts/RowMenu';
import { RelativeTime } from '~/parts/time';
import { givable, ROLES } from './roles';

interface Props {
  members: readonly Schemas['Member'][];
  list: List<Schemas['Member']>;
  onRemove: (member: Schemas['Member']) => void;
}

export function MemberTable({ members, list, onRemove }: Props) {
  const { user, role: own } = useSession();
  const change = $api.useMutation('patch', '/api/v1/members/{id}', {
    meta: { done: 'Role changed', refreshes: ['/api/v1/members', '/api/v1/session'] },
  });
  const mayChange = (member: Schemas['Member']) =>
    can(own, 'admin') && (own === 'owner' || member.role !== 'owner');

  const columns: Column<Schemas['Member']>[] = [
    {
      key: 'name',
      label: 'Name',
      lead: true,
      cell: (one) => (
        <Stack gap={0}>
          <Text size="sm" fw={500}>
            {one.name}
            {one.id === user.id && (
              <Text span c="dimmed" fw={400}>
                {' '}
                (you)
              </Text>
            )}
          </Text>
          <Text size="xs" c="dimmed" className="wrap-anywhere">
            {one.email}
          </Text>
        </Stack>
      ),
    },
    {
      key: 'role',
      label: 'Role',
      cell: (one) =>
        mayChange(one) ? (
          <NativeSelect
            w={120}
            aria-label={`Role of ${one.name}`}
            data={givable(own).map(({ value, label }) => ({ value, label }))}
            value={one.role}
            disabled={change.isPending}
            onChange={(event) =>
              change.mutate({
                params: { path: { id: one.id } },
                body: { role: event.currentTarget.value as Schemas['Role'] },
              })
            }
          />
        ) : (
          <span title={ROLES.find((role) => role.value === one.role)?.may}>{one.role}</span>
        ),
    },
    { key: 'seen', label: 'Last seen', cell: (one) => <RelativeTime at={one.last_seen_at} /> },
    { key: 'since', label: 'Member since', cell: (one) => <RelativeTime at={one.created_at} /> },
    {
      key: 'menu',
      label: 'Actions',
      quiet: true,
      end: true,
      cell: (one) =>
        mayChange(one) || one.id === user.id ? (
          <RowMenu label={`Actions for ${one.name}`}>
            <Menu.Item color="red" onClick={() => onRemove(one)}>
              {one.id === user.id ? 'Leave the workspace…' : 'Remove from the workspace…'}
            </Menu.Item>
          </RowMenu>
        ) : null,
    },
  ];
  return (
    <Stack gap="sm">
      <ProblemAlert error={change.error} />
      <DataTable label="Members" columns={columns} rows={members} rowKey={(one) => one.id} list={list} />
    </Stack>
  );
}
