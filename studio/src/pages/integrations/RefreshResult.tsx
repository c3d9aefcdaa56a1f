import { Alert, Group, Stack, Text } from '@mantine/core';
import type { Schemas } from '~/api/client';
import { StatusBadge, type Tone } from '~/parts/badges';

/** What a refresh found to be other than before. */
export function RefreshResult({ result }: { result: Schemas['Refreshed'] }) {
  const same = result.added.length + result.removed.length + result.changed.length === 0;
  return (
    <Alert
      color={same ? 'gray' : 'blue'}
      variant="light"
      role="status"
      title={same ? 'Nothing has changed' : 'What changed'}
    >
      {!same && (
        <Stack gap={4}>
          <Names label="added" tone="good" names={result.added} />
          <Names label="changed" tone="warn" names={result.changed} />
          <Names label="removed" tone="bad" names={result.removed} />
          {result.removed.length > 0 && (
            <Text size="xs">
              Links to removed tools are broken until the tool is back or they are removed.
            </Text>
          )}
        </Stack>
      )}
      {result.schema_notes.length > 0 && (
        <Stack gap={2} mt={same ? 0 : 6}>
          {result.schema_notes.map((note) => (
            <Text size="xs" key={`${note.tool}/${note.provider}/${note.rule}`}>
              <span className="mono">{note.tool}</span>, {note.provider}: {note.detail}
            </Text>
          ))}
        </Stack>
      )}
    </Alert>
  );
}

function Names({ label, tone, names }: { label: string; tone: Tone; names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <Group gap={6}>
      <StatusBadge tone={tone}>{label}</StatusBadge>
      <span className="mono wrap-anywhere">{names.join(', ')}</span>
    </Group>
  );
}
