import { Kbd, Text, TextInput } from '@mantine/core';
import IconSearch from '@tabler/icons-react/icons/IconSearch';
import { Link } from '@tanstack/react-router';
import type { KeyboardEvent } from 'react';
import { MethodBadge } from '~/parts/badges';
import type { Group } from './operations';

interface Props {
  groups: Group[];
  query: string;
  onQuery: (query: string) => void;
  /** Goes to the first that was found. */
  onEnter: () => void;
  shown: string | undefined;
  /** All groups are open; where there is little room only those with what is looked for. */
  spread: boolean;
}

/** All operations by tag, and the field that searches them. */
export function OperationList({ groups, query, onQuery, onEnter, shown, spread }: Props) {
  return (
    <nav className="reference-list" aria-label="Operations" onKeyDown={walk}>
      <TextInput
        type="search"
        aria-label="Search operations"
        placeholder="Search operations"
        leftSection={<IconSearch size={14} aria-hidden />}
        rightSection={query ? undefined : <Kbd size="xs">/</Kbd>}
        value={query}
        onChange={(event) => onQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onEnter();
          if (event.key === 'Escape') onQuery('');
        }}
      />
      <Text role="status" size="xs" c="dimmed" mt={6}>
        {query ? found(groups.reduce((sum, group) => sum + group.operations.length, 0)) : ''}
      </Text>
      {groups.map(({ tag, operations }) => {
        const here = operations.some((one) => one.operationId === shown);
        return (
          <details key={`${tag} ${spread || query !== '' || here}`} open={spread || query !== '' || here}>
            <summary>{label(tag)}</summary>
            <ul>
              {operations.map((one) => (
                <li key={one.operationId}>
                  <Link
                    className="nav-link"
                    to="/api/docs"
                    hash={`/operations/${one.operationId}`}
                    activeOptions={{ includeHash: true }}
                  >
                    <MethodBadge method={one.method} />
                    <span>{one.title}</span>
                  </Link>
                </li>
              ))}
            </ul>
          </details>
        );
      })}
    </nav>
  );
}

/** A tag as a heading: names that are capitals everywhere stay so. */
function label(tag: string): string {
  const words = tag.replace(/\b(api|mcp)\b/g, (name) => name.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function found(count: number): string {
  if (count === 0) return 'Nothing has these words.';
  return count === 1 ? '1 operation' : `${count} operations`;
}

/** The arrows go from the field to the operations and along them. */
function walk(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('input, a')].filter(
    (one) => one.offsetParent,
  );
  const at = stops.findIndex((one) => one.matches(':focus'));
  const next = stops[at + (event.key === 'ArrowDown' ? 1 : -1)];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
