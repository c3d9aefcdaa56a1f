import { Button, Menu, Text } from '@mantine/core';
import IconPlus from '@tabler/icons-react/icons/IconPlus';
import { Link } from '@tanstack/react-router';
import { useCan } from '~/api/session';
import { NeedButton } from '~/parts/permission';

/** `+ Add integration`: an API or MCP server, or a messaging channel. */
export function AddMenu() {
  const label = 'Add integration';
  const icon = <IconPlus size={14} aria-hidden />;
  if (!useCan('edit')) {
    return (
      <NeedButton need="edit" leftSection={icon}>
        {label}
      </NeedButton>
    );
  }
  return (
    <Menu position="bottom-end" width={300}>
      <Menu.Target>
        <Button leftSection={icon}>{label}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>API/MCP server</Menu.Label>
        <Menu.Item component={Link} to="/integrations/new/custom-api">
          Custom API
          <Text size="xs" c="dimmed">
            An HTTP service: you say where it is and what may be called.
          </Text>
        </Menu.Item>
        <Menu.Item component={Link} to="/integrations/new/mcp-server">
          MCP server
          <Text size="xs" c="dimmed">
            Its tools are found automatically.
          </Text>
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Messaging</Menu.Label>
        <Menu.Item component={Link} to="/integrations/new/messaging-channel">
          Messaging channel
          <Text size="xs" c="dimmed">
            Text messages through Telnyx.
          </Text>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
