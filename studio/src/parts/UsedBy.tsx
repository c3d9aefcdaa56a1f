import { Button, Group, List, Popover, Text } from '@mantine/core';
import { NamedLink } from './EntityLink';

export interface Use {
  kind: string;
  id: string;
}

/** `2 integrations · 1 agent` */
export function usesInWords(uses: readonly Use[]): string {
  const counts = new Map<string, number>();
  for (const use of uses) counts.set(use.kind, (counts.get(use.kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`).join(' · ');
}

/** What uses a thing: how many, and by name when asked. */
export function UsedBy({ uses, of }: { uses: readonly Use[]; of: string }) {
  if (uses.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        nothing
      </Text>
    );
  }
  const words = usesInWords(uses);
  return (
    <Popover position="bottom-start" width={300} withArrow shadow="md" trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          size="compact-sm"
          color="gray"
          fw={400}
          ml={-8}
          aria-label={`${words} use ${of}`}
        >
          {words}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <UseList uses={uses} />
      </Popover.Dropdown>
    </Popover>
  );
}

export function UseList({ uses }: { uses: readonly Use[] }) {
  return (
    <List size="sm" listStyleType="none" spacing={2} mah={240} style={{ overflow: 'auto' }}>
      {uses.map((use) => (
        <List.Item key={`${use.kind}/${use.id}`}>
          <Group gap={6}>
            <Text span size="xs" c="dimmed">
              {use.kind}
            </Text>
            <NamedLink {...use} />
          </Group>
        </List.Item>
      ))}
    </List>
  );
}
