import { ActionIcon, Menu } from '@mantine/core';
import IconArrowRight from '@tabler/icons-react/icons/IconArrowRight';
import IconDots from '@tabler/icons-react/icons/IconDots';
import IconTrash from '@tabler/icons-react/icons/IconTrash';
import { useState } from 'react';
import { client, ifMatch, type Schemas } from '~/api/client';
import { useCan } from '~/api/session';
import { AffectedList } from '~/parts/AffectedList';
import { ConfirmDelete } from '~/parts/ConfirmDelete';
import { MoveDialog } from './MoveDialog';
import type { Action } from './values';

/** What is seldom done with an action: moving and deleting it. */
export function ActionMenu({ action }: { action: Action }) {
  const mayEdit = useCan('edit');
  const [open, setOpen] = useState<'move' | 'delete' | null>(null);
  // What a server offers is the server's: a tool goes when the server stops offering it.
  if (!mayEdit || action.integration_kind === 'mcp_server') return null;
  const close = () => setOpen(null);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="More: move, delete">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconArrowRight size={14} />} onClick={() => setOpen('move')}>
            Move to another integration
          </Menu.Item>
          <Menu.Item color="red" leftSection={<IconTrash size={14} />} onClick={() => setOpen('delete')}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === 'move' && <MoveDialog action={action} onClose={close} />}
      {open === 'delete' && <DeleteAction action={action} onClose={close} />}
    </>
  );
}

function DeleteAction({ action, onClose }: { action: Action; onClose: () => void }) {
  const path = { id: action.id };
  return (
    <ConfirmDelete<Schemas['Report']>
      title={`Delete the action ${action.name}?`}
      load={async () => {
        const { data } = await client.DELETE('/api/v1/actions/{id}', {
          params: { path, query: { dry_run: true } },
        });
        return data ?? { dry_run: true, affected: [], refusal: null };
      }}
      affected={(report) => <AffectedList report={report} nobody="No agent links it." />}
      refused={(report) => Boolean(report.refusal)}
      onConfirm={() =>
        client.DELETE('/api/v1/actions/{id}', { params: { path, header: ifMatch(action.revision) } })
      }
      onClose={onClose}
      meta={{ done: `${action.name} is deleted`, refreshes: ['/api/v1/'] }}
    >
      Links to it are broken from now on: calls are refused, and an agent cannot be published until the link
      is removed or replaced. You can bring the action back from this page.
    </ConfirmDelete>
  );
}
