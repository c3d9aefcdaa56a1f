import { Button, Group, Menu, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import IconHistory from '@tabler/icons-react/icons/IconHistory';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '~/api/client';
import { useCan } from '~/api/session';
import { StatusBadge } from '~/parts/badges';
import { PageHeader } from '~/parts/PageHeader';
import { NeedButton } from '~/parts/permission';
import { RowMenu } from '~/parts/RowMenu';
import { useSaveShortcut } from '~/shell/shortcuts';
import { PublishedBadge } from './AgentsPage';
import { useDraft } from './draft/useDraft';
import { LockDialog } from './publish/LockDialog';
import { PublishDialog } from './publish/PublishDialog';
import { UnpublishDialog } from './publish/UnpublishDialog';
import { DeleteAgent } from './settings/DeleteAgent';

const route = getRouteApi('/app/agents/$id');

type Dialog = { is: 'lock' } | { is: 'publish'; number?: number } | { is: 'unpublish' } | { is: 'delete' };

export function AgentHeader({ agent }: { agent: Schemas['Agent'] }) {
  const desk = useDraft();
  const navigate = route.useNavigate();
  const mayEdit = useCan('edit');
  const [dialog, setDialog] = useState<Dialog>();
  const [saved, flash] = useDisclosure(false);
  const close = () => setDialog(undefined);
  const blocked = Object.keys(desk.texts).length > 0;
  const maySave = desk.dirty && !desk.readOnly && !blocked && !desk.theirs;
  function save() {
    if (!maySave || desk.saving) return;
    desk.save().then(
      () => {
        flash.open();
        setTimeout(flash.close, 2500);
      },
      () => undefined, // shown by DraftNotices
    );
  }
  useSaveShortcut(save, !desk.readOnly);
  return (
    <div className="agent-head">
      <PageHeader
        title={agent.name}
        crumbs={[
          <Link key="agents" to="/agents">
            Agents
          </Link>,
        ]}
        badges={
          <Group gap={6}>
            <PublishedBadge agent={agent} />
            {agent.drifted_links && agent.published_version !== null ? (
              <Link
                to="/agents/$id/versions/$number"
                params={{ id: agent.id, number: String(agent.published_version) }}
              >
                <StatusBadge tone="warn">
                  {agent.drifted_links === 1
                    ? '1 link changed since'
                    : `${agent.drifted_links} links changed since`}
                </StatusBadge>
              </Link>
            ) : null}
            {desk.restoredFrom !== null && (
              <StatusBadge tone="info">{`Draft from v${desk.restoredFrom}`}</StatusBadge>
            )}
            <Text span size="xs" c="dimmed" role="status">
              {desk.dirty ? 'Unsaved changes' : saved ? 'Saved' : ''}
            </Text>
          </Group>
        }
        actions={
          <>
            <Button
              variant="default"
              leftSection={<IconHistory size={14} aria-hidden />}
              onClick={() => void navigate({ search: (now) => ({ ...now, panel: 'history' }) })}
            >
              History
            </Button>
            <NeedButton
              need="edit"
              variant={desk.dirty ? 'filled' : 'default'}
              disabled={mayEdit && !maySave}
              loading={desk.saving}
              onClick={save}
              title={blocked ? 'Something is not complete yet' : 'Ctrl/Cmd-S'}
            >
              Save
            </NeedButton>
            <NeedButton need="edit" variant="default" onClick={() => setDialog({ is: 'lock' })}>
              Save &amp; lock version
            </NeedButton>
            <NeedButton
              need="edit"
              variant={desk.dirty ? 'default' : 'filled'}
              onClick={() => setDialog({ is: 'publish' })}
            >
              Publish
            </NeedButton>
            {mayEdit && (
              <RowMenu label="More about this agent">
                <Menu.Item
                  disabled={agent.published_version === null}
                  onClick={() => setDialog({ is: 'unpublish' })}
                >
                  Unpublish
                </Menu.Item>
                <Menu.Item color="red" onClick={() => setDialog({ is: 'delete' })}>
                  Delete agent
                </Menu.Item>
              </RowMenu>
            )}
          </>
        }
      />
      {dialog?.is === 'lock' && (
        <LockDialog
          agent={agent}
          onClose={close}
          onPublish={(number) => setDialog({ is: 'publish', number })}
        />
      )}
      {dialog?.is === 'publish' && (
        <PublishDialog
          agent={agent}
          {...(dialog.number === undefined ? {} : { number: dialog.number })}
          onClose={close}
        />
      )}
      {dialog?.is === 'unpublish' && <UnpublishDialog agent={agent} onClose={close} />}
      {dialog?.is === 'delete' && <DeleteAgent agent={agent} onClose={close} />}
    </div>
  );
}
