import { Menu, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import IconDots from '@tabler/icons-react/icons/IconDots';
import { client } from '~/api/client';
import { useSession } from '~/api/session';
import { forgetAll, tabStore } from '~/parts/mirror';
import { PasswordDialog } from './PasswordDialog';

const SCHEMES = [
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'auto', label: 'Like the system' },
] as const;

/** Leaving is a full load of the sign-in page, so that nothing of the session stays in memory. */
async function signOut(everywhere: boolean) {
  if (everywhere) await client.POST('/api/v1/session/sign-out-everywhere');
  else await client.DELETE('/api/v1/session');
  const store = tabStore();
  if (store) forgetAll(store);
  location.assign('/sign-in');
}

export function UserMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const { user, role } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [passwordOpen, password] = useDisclosure(false);
  return (
    <>
      <Menu position="top-start" width={232}>
        <Menu.Target>
          <UnstyledButton className="nav-link" w="100%">
            <div style={{ flex: 1, minWidth: 0 }}>
              <Text size="sm" fw={500} truncate>
                {user.name}
              </Text>
              <Text size="xs" c="dimmed" truncate>
                {role}
              </Text>
            </div>
            <IconDots size={16} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{user.email}</Menu.Label>
          <Menu.Item onClick={password.open}>Change password…</Menu.Item>
          <Menu.Item onClick={onShortcuts}>Keyboard shortcuts</Menu.Item>
          <Menu.Item component="a" href="/api/docs" target="_blank" rel="noreferrer">
            API reference
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label>Appearance</Menu.Label>
          <Menu.RadioGroup
            value={colorScheme}
            onChange={(value) => setColorScheme(value === 'light' || value === 'dark' ? value : 'auto')}
          >
            {SCHEMES.map((scheme) => (
              <Menu.RadioItem key={scheme.value} value={scheme.value}>
                {scheme.label}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.Item onClick={() => void signOut(false)}>Sign out</Menu.Item>
          <Menu.Item onClick={() => void signOut(true)}>Sign out everywhere</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {passwordOpen && <PasswordDialog onClose={password.close} />}
    </>
  );
}
