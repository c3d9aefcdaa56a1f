import { Group, Menu, Text, UnstyledButton } from '@mantine/core';
import IconCheck from '@tabler/icons-react/icons/IconCheck';
import IconSelector from '@tabler/icons-react/icons/IconSelector';
import { useNavigate } from '@tanstack/react-router';
import { $api } from '~/api/client';
import { queryClient } from '~/api/queryClient';
import { putSession, useSession } from '~/api/session';

/** Which workspace this is; a menu for people who are in several. */
export function WorkspaceSwitcher() {
  const session = useSession();
  const navigate = useNavigate();
  const move = $api.useMutation('put', '/api/v1/session/workspace', { meta: { refreshes: [] } });
  const label = (
    <Group gap={8} wrap="nowrap" px={8} py={4}>
      <img src="/favicon.svg" alt="" width={18} height={18} />
      <Text fw={600} truncate style={{ flex: 1 }}>
        {session.workspace.name}
      </Text>
      {session.workspaces.length > 1 && <IconSelector size={14} aria-hidden />}
    </Group>
  );
  if (session.workspaces.length < 2) return label;

  async function go(workspaceId: string) {
    const next = await move.mutateAsync({ body: { workspace_id: workspaceId } });
    // From here on this tab shows, and names, the other one.
    putSession(next);
    // Nothing of the other workspace may stay on the screen.
    await navigate({ to: '/integrations' });
    queryClient.clear();
    putSession(next);
  }

  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <UnstyledButton
          aria-label={`Workspace ${session.workspace.name}, switch`}
          style={{ flex: 1, minWidth: 0 }}
        >
          {label}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Workspaces</Menu.Label>
        {session.workspaces.map((workspace) => (
          <Menu.Item
            key={workspace.id}
            onClick={() => void go(workspace.id)}
            rightSection={workspace.id === session.workspace.id ? <IconCheck size={14} /> : workspace.role}
          >
            {workspace.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
