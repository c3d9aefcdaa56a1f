import { Group, Kbd, Modal, Stack, Text } from '@mantine/core';
import { PAGES } from './pages';
import { SHORTCUTS } from './shortcuts';

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const rows = [
    ...SHORTCUTS,
    ...PAGES.map((page) => ({ keys: ['g', page.key], does: `Go to ${page.label}` })),
  ];
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts">
      <Stack gap={6}>
        {rows.map((row) => (
          <Group key={row.does} justify="space-between" wrap="nowrap">
            <Text size="sm">{row.does}</Text>
            <Group gap={4} wrap="nowrap">
              {row.keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </Group>
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
