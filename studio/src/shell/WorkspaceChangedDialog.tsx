import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { $api } from '~/api/client';
import { putSession, useSession } from '~/api/session';
import { type Elsewhere, workspaceRequest } from '~/api/workspace';
import { ProblemAlert } from '~/parts/ProblemAlert';

/** Over the page when another tab took the session elsewhere; the page below keeps all that was typed. */
export function WorkspaceChangedDialog() {
  const elsewhere = useSyncExternalStore(workspaceRequest.subscribe, workspaceRequest.pending);
  return elsewhere ? <Dialog elsewhere={elsewhere} /> : null;
}

function Dialog({ elsewhere }: { elsewhere: Elsewhere }) {
  const { workspace } = useSession();
  const move = $api.useMutation('put', '/api/v1/session/workspace', { meta: { refreshes: [] } });

  async function stay() {
    const body = { workspace_id: workspace.id };
    const session = await move.mutateAsync({ body }).catch(() => null);
    if (!session) return;
    putSession(session);
    workspaceRequest.answer(true);
  }

  return (
    <Modal
      opened
      onClose={() => workspaceRequest.answer(false)}
      title="You switched to another workspace"
      closeOnClickOutside={false}
      zIndex={1000}
    >
      <Stack>
        <Text>
          This tab shows {workspace.name}. In another tab you have since switched to {elsewhere.name}. Nothing
          was saved there.
        </Text>
        <Text size="sm" c="dimmed">
          Go on in {workspace.name} to keep what you typed; other tabs then ask the same. Going to{' '}
          {elsewhere.name} reloads this tab.
        </Text>
        <ProblemAlert error={move.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={() => window.location.assign('/')}>
            Go to {elsewhere.name}
          </Button>
          <Button data-autofocus loading={move.isPending} onClick={() => void stay()}>
            Go on in {workspace.name}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
