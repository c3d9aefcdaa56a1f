import { Kbd, Stack, Text, UnstyledButton } from '@mantine/core';
import IconSearch from '@tabler/icons-react/icons/IconSearch';
import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import { PAGE_GROUPS } from './pages';
import { MOD } from './shortcuts';

export function Navigation({ onSearch }: { onSearch: () => void }) {
  return (
    <Stack gap={1} component="nav" aria-label="Pages">
      <UnstyledButton className="nav-link" onClick={onSearch} aria-keyshortcuts="Control+K Meta+K">
        <IconSearch size={16} aria-hidden />
        <span style={{ flex: 1 }}>Search</span>
        <Kbd size="xs">{MOD} K</Kbd>
      </UnstyledButton>
      {PAGE_GROUPS.map((group) => (
        <Fragment key={group.label}>
          <Text size="xs" c="dimmed" px={8} pt="sm" pb={2} aria-hidden>
            {group.label}
          </Text>
          {group.pages.map((page) => (
            <Link key={page.to} to={page.to} className="nav-link" activeOptions={{ includeSearch: false }}>
              <page.icon size={16} aria-hidden />
              {page.label}
            </Link>
          ))}
        </Fragment>
      ))}
    </Stack>
  );
}
