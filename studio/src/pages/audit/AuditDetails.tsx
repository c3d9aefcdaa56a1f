import { Code, Spoiler, Stack, Text } from '@mantine/core';
import type { Item } from '~/api/list';

/** Lines break rather than widen the page. */
const WRAPPED = { whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' } as const;

/** What an entry of the audit log tells beyond who did what: where, with which secrets, and what changed. */
export function AuditDetails({ entry }: { entry: Item<'/api/v1/audit'> }) {
  const facts = [
    entry.environment && `in ${entry.environment}`,
    entry.secrets.length > 0 && `secrets ${entry.secrets.join(', ')}`,
    entry.destination && `to ${entry.destination}`,
    entry.address && `from ${entry.address}`,
    entry.request_id && `request ${entry.request_id}`,
  ].filter(Boolean);
  const changed = entry.before != null || entry.after != null;
  return (
    <Stack gap={2}>
      {facts.length > 0 && (
        <Text size="xs" c="dimmed" className="wrap-anywhere">
          {facts.join(' · ')}
        </Text>
      )}
      {changed && (
        <Spoiler maxHeight={0} showLabel="Show what changed" hideLabel="Hide what changed">
          <Text size="xs">Before</Text>
          <Code block style={WRAPPED}>
            {JSON.stringify(entry.before, null, 2)}
          </Code>
          <Text size="xs">After</Text>
          <Code block style={WRAPPED}>
            {JSON.stringify(entry.after, null, 2)}
          </Code>
        </Spoiler>
      )}
    </Stack>
  );
}
