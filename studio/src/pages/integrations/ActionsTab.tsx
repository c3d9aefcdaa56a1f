import { Button, Group, Menu, Stack, Text } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { client, ifMatch, type Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { useCan } from '~/api/session';
import { AffectedList } from '~/parts/AffectedList';
import { MethodBadge } from '~/parts/badges';
import { ConfirmDelete } from '~/parts/ConfirmDelete';
import { type Column, DataTable } from '~/parts/DataTable';
import { EmptyState, ListState } from '~/parts/ListState';
import { NeedButton } from '~/parts/permission';
import { RowMenu } from '~/parts/RowMenu';
import { matches, SearchField, searched } from '~/parts/SearchField';
import { RelativeTime } from '~/parts/time';
import { offerUndo } from '~/parts/undo';

const route = getRouteApi('/app/integrations/$id');
type Action = Schemas['Action'];

export function ActionsTab({ integration }: { integration: Schemas['Integration'] }) {
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const mayEdit = useCan('edit');
  const [deleting, setDeleting] = useState<Action | null>(null);
  const list = useList('/api/v1/integrations/{id}/actions', {
    path: { id: integration.id },
    query: searched(q),
  });
  const shown = useMemo(
    () => list.items.filter((one) => matches(q, one.name, one.description)),
    [list.items, q],
  );
  const isApi = integration.kind === 'custom_api';

  const columns: Column<Action>[] = [
    { key: 'name', label: 'Action', lead: true, cell: (one) => <ActionCell action={one} /> },
    {
      key: 'request',
      label: 'Request',
      cell: (one) =>
        one.method && (
          <Group gap={8} wrap="nowrap">
            <MethodBadge method={one.method} />
            <span className="mono wrap-anywhere">{one.path}</span>
          </Group>
        ),
    },
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
          <Menu.Item color="red" onClick={() => setDeleting(one)}>
            Delete…
          </Menu.Item>
        </RowMenu>
      ),
    });
  }

  return (
    <Stack gap="sm">
      <SearchField
        label="Search actions"
        value={q}
        onChange={(next) => void navigate({ search: next ? { q: next } : {}, replace: true })}
      />
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={shown.length === 0 && !list.more}
        whenEmpty={
          q ? (
            <EmptyState title="No action matches">Try fewer letters.</EmptyState>
          ) : (
            <EmptyState
              title="No actions yet"
              action={<NewActionButton id={integration.id} mayEdit={mayEdit} />}
            >
              {isApi
                ? 'An action is one request that agents may make here: a method, a path, its parameters, and what to keep of the response. Every agent that links it uses its shape as it is now.'
                : 'An action is one text message that agents may send through this channel: its recipient and its text. Every agent that links it uses it as it is now. An agent can also have one of its own.'}
            </EmptyState>
          )
        }
      >
        <DataTable label="Actions" columns={columns} rows={shown} rowKey={(one) => one.id} list={list} />
      </ListState>
      {deleting && <DeleteAction action={deleting} onClose={() => setDeleting(null)} />}
    </Stack>
  );
}

function ActionCell({ action }: { action: Action }) {
  return (
    <Stack gap={0}>
      <Link className="quiet-link mono" to="/actions/$id" params={{ id: action.id }}>
        {action.name}
      </Link>
      {action.description && (
        <Text size="xs" c="dimmed" lineClamp={2} maw={460}>
          {action.description}
        </Text>
      )}
    </Stack>
  );
}

function NewActionButton({ id, mayEdit }: { id: string; mayEdit: boolean }) {
  if (!mayEdit) return <NeedButton need="edit">New action</NeedButton>;
  return (
    <Button component={Link} to={`/integrations/${id}/actions/new`}>
      New action
    </Button>
  );
}

function DeleteAction({ action, onClose }: { action: Action; onClose: () => void }) {
  const path = { id: action.id };
  return (
    <ConfirmDelete
      title={`Delete the action ${action.name}?`}
      load={async () => {
        const { data } = await client.DELETE('/api/v1/actions/{id}', {
          params: { path, query: { dry_run: true } },
        });
        return data ?? null;
      }}
      affected={(report) => report && <AffectedList report={report} nobody="No agent links it." />}
      refused={(report) => Boolean(report?.refusal)}
      onConfirm={async () => {
        await client.DELETE('/api/v1/actions/{id}', { params: { path, header: ifMatch(action.revision) } });
        offerUndo(`Deleted ${action.name}.`, () =>
          client.POST('/api/v1/actions/{id}/undelete', { params: { path } }),
        );
      }}
      meta={{ refreshes: ['/api/v1/integrations', '/api/v1/actions'] }}
      onClose={onClose}
    >
      Agents keep their links to it, which are broken until they are linked again or removed.
    </ConfirmDelete>
  );
}
