import { ActionIcon, Button, Group, Paper, Stack, Text, TextInput } from '@mantine/core';
import IconPlus from '@tabler/icons-react/icons/IconPlus';
import IconTrash from '@tabler/icons-react/icons/IconTrash';
import { type HeaderRow, newHeaderRow, pointerPart } from './headers';
import { ValueInput } from './ValueInput';

interface Props {
  rows: readonly HeaderRow[];
  onChange: (rows: HeaderRow[]) => void;
  /** Where the headers are in the input, for errors. */
  pointer: string;
  errors: (pointer: string) => string | undefined;
}

/** Headers: a name, and text, a template or a secret. */
export function HeadersEditor({ rows, onChange, pointer, errors }: Props) {
  const change = (key: string, patch: Partial<HeaderRow>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...patch } : row)));
  return (
    <Stack gap="xs">
      {rows.map((row, index) => (
        <Paper key={row.key} withBorder p="xs">
          <Group align="flex-start" gap="xs" wrap="nowrap">
            <Stack gap={6} style={{ flex: 1, minWidth: 0 }}>
              <TextInput
                label={`Header ${index + 1}`}
                placeholder="X-Region"
                value={row.name}
                onChange={(event) => change(row.key, { name: event.currentTarget.value })}
              />
              <ValueInput
                label="Value"
                placeholder="{{ workspace.region }}"
                value={row.value}
                onChange={(value) => change(row.key, { value })}
                error={errors(`${pointer}/${pointerPart(row.name)}`)}
              />
            </Stack>
            <ActionIcon
              aria-label={`Remove header ${row.name || index + 1}`}
              onClick={() => onChange(rows.filter((one) => one.key !== row.key))}
            >
              <IconTrash size={14} />
            </ActionIcon>
          </Group>
        </Paper>
      ))}
      {errors(pointer) && (
        <Text size="xs" c="var(--mantine-color-error)">
          {errors(pointer)}
        </Text>
      )}
      <Button
        variant="subtle"
        size="compact-xs"
        leftSection={<IconPlus size={12} aria-hidden />}
        onClick={() => onChange([...rows, newHeaderRow()])}
        style={{ alignSelf: 'flex-start' }}
      >
        Add header
      </Button>
    </Stack>
  );
}
