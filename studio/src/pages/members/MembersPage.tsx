import { Group, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { client, type Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { useCan, useSession } from '~/api/session';
import { ConfirmDelete } from '~/parts/ConfirmDelete';
import { EmptyState, ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { NeedButton } from '~/parts/permission';
import { matches, SearchField, searched } from '~/parts/SearchField';
import { Invitations } from './Invitations';
import { InviteDialog } from './InviteDialog';
import { MemberTable } from './MemberTable';

const route = getRouteApi('/app/members');

export function MembersPage() {
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const { user } = useSession();
  const list = useList('/api/v1/members', { query: searched(q) });
  const mayInvite = useCan('admin');
  const [inviting, invite] = useDisclosure(false);
  const [leaving, setLeaving] = useState<Schemas['Member'] | null>(null);
  const shown = useMemo(() => list.items.filter((one) => matches(q, one.name, one.email)), [list.items, q]);
  const itsMe = leaving?.id === user.id;

  return (
    <div className="page">
      <PageHeader
        title="Members"
        description="Who may work in this workspace, and with which role."
        actions={
          <NeedButton need="admin" onClick={invite.open}>
            Invite
          </NeedButton>
        }
      />
      <Stack gap="lg">
        <div>
          <Group mb="sm">
            <SearchField
              label="Search members"
              value={q}
              onChange={(next) => void navigate({ search: next ? { q: next } : {}, replace: true })}
            />
          </Group>
          <ListState
            loading={list.loading}
            problem={list.problem}
            onRetry={list.retry}
            empty={shown.length === 0 && !list.more}
            whenEmpty={<EmptyState title="Nobody has that name or address">Try fewer letters.</EmptyState>}
          >
            <MemberTable members={shown} list={list} onRemove={setLeaving} />
          </ListState>
        </div>
        {mayInvite && (
          <div>
            <Title order={2} mb="xs">
              Open invitations
            </Title>
            <Invitations q={q} onInvite={invite.open} />
          </div>
        )}
      </Stack>
      {inviting && <InviteDialog onClose={invite.close} />}
      {leaving && (
        <ConfirmDelete
          title={itsMe ? 'Leave this workspace?' : `Remove ${leaving.name}?`}
          confirmLabel={itsMe ? 'Leave' : 'Remove'}
          onConfirm={() => client.DELETE('/api/v1/members/{id}', { params: { path: { id: leaving.id } } })}
          onDone={() => {
            if (itsMe) location.assign('/');
          }}
          meta={{ done: `${leaving.name} is no longer a member`, refreshes: ['/api/v1/members'] }}
          onClose={() => setLeaving(null)}
        >
          <Text>
            {itsMe
              ? 'You lose access at once. Only an invitation brings you back.'
              : 'Sessions in this workspace end at once. What was changed stays, and the audit log keeps the name.'}{' '}
            API keys keep working: revoke those that {itsMe ? 'you' : 'this person'} knew.
          </Text>
        </ConfirmDelete>
      )}
    </div>
  );
}
