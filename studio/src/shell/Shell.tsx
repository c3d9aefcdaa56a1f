import { AppShell, Burger, Group, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet, useLocation } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { chunk } from '~/api/chunk';
import { Boundary } from '~/parts/Boundary';
import { catchEarlyKeys } from './earlyKeys';
import { Navigation } from './Navigation';
import { SignInDialog } from './SignInDialog';
import { useShortcuts } from './shortcuts';
import { UserMenu } from './UserMenu';
import { WorkspaceChangedDialog } from './WorkspaceChangedDialog';
import { WorkspaceSwitcher } from './WorkspaceSwitcher';

const readPalette = () => chunk(() => import('./Palette').then((module) => ({ default: module.Palette })));
const Palette = lazy(readPalette);
const ShortcutsDialog = lazy(() =>
  chunk(() => import('./ShortcutsDialog').then((module) => ({ default: module.ShortcutsDialog }))),
);

/** The field of the palette has the focus. */
function isPaletteField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('.mantine-Spotlight-search');
}

/** What is around every page: navigation, workspace, person, palette, and the dialog for an ended session. */
export function Shell() {
  const [menuOpen, menu] = useDisclosure(false);
  const [paletteOpen, palette] = useDisclosure(false);
  const [shortcutsOpen, shortcuts] = useDisclosure(false);
  const path = useLocation({ select: (location) => location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when the page changes.
  useEffect(() => {
    menu.close();
  }, [path]);
  const [query, setQuery] = useState('');
  const openPalette = useCallback(() => {
    setQuery('');
    palette.open();
    catchEarlyKeys({ ready: isPaletteField, onText: setQuery, onEscape: palette.close });
  }, [palette.open, palette.close]);
  const closePalette = () => {
    palette.close();
    setQuery('');
  };
  // Read once the page is there, so that the first time is as quick as the others.
  useEffect(() => {
    const timer = setTimeout(() => void readPalette().catch(() => undefined), 1_000);
    return () => clearTimeout(timer);
  }, []);
  useShortcuts({ openPalette, openShortcuts: shortcuts.open });

  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <AppShell
        layout="alt"
        header={{ height: { base: 48, sm: 0 } }}
        navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !menuOpen } }}
      >
        <AppShell.Header hiddenFrom="sm">
          <Group h="100%" px="sm" gap="xs">
            <Burger
              opened={menuOpen}
              onClick={menu.toggle}
              size="sm"
              aria-label="Navigation"
              aria-expanded={menuOpen}
            />
            <Text fw={600}>Switchboard</Text>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar className="shell-nav" aria-label="Main">
          <AppShell.Section p="xs" pb={4}>
            <Group gap={4} wrap="nowrap">
              <Burger
                hiddenFrom="sm"
                opened={menuOpen}
                onClick={menu.close}
                size="sm"
                aria-label="Close the navigation"
              />
              <WorkspaceSwitcher />
            </Group>
          </AppShell.Section>
          <AppShell.Section grow component={ScrollArea} px="xs" type="auto">
            <Navigation onSearch={openPalette} />
          </AppShell.Section>
          <AppShell.Section p="xs">
            <UserMenu onShortcuts={shortcuts.open} />
          </AppShell.Section>
        </AppShell.Navbar>
        <AppShell.Main id="main" tabIndex={-1}>
          <Outlet />
        </AppShell.Main>
      </AppShell>
      <Suspense>
        <Boundary of={`${paletteOpen} ${shortcutsOpen}`}>
          {paletteOpen && (
            <Palette query={query} onQuery={setQuery} onClose={closePalette} onShortcuts={shortcuts.open} />
          )}
          {shortcutsOpen && <ShortcutsDialog onClose={shortcuts.close} />}
        </Boundary>
      </Suspense>
      <SignInDialog />
      <WorkspaceChangedDialog />
    </>
  );
}
