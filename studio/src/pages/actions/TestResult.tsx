import { Group, Stack, Text } from '@mantine/core';
import type { Schemas } from '~/api/client';
import { StatusBadge } from '~/parts/badges';
import { Exchange } from '~/parts/Exchange';
import { JsonView } from '~/parts/JsonView';
import { LeftOut } from '~/parts/LeftOut';

/** What came of a test: outcome and time, the request, the answer, the variables. */
export function TestResult({ answer }: { answer: Schemas['TestAnswer'] }) {
  const good = answer.status === 'succeeded';
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <StatusBadge tone={good ? 'good' : 'bad'}>{answer.status}</StatusBadge>
        <Text size="sm" c="dimmed">
          in {answer.duration_ms} ms
        </Text>
        {answer.error && <span className="mono">{answer.error.code}</span>}
      </Group>
      {answer.error && <Text className="wrap-anywhere">{answer.error.message}</Text>}
      <Exchange request={answer.request} response={answer.response} />
      {Object.keys(answer.variables).length > 0 && (
        <div>
          <Text fw={500} size="sm">
            Variables taken
          </Text>
          <JsonView value={answer.variables} label="variables taken" />
        </div>
      )}
      {answer.unmatched_variables.length > 0 && (
        <Text size="sm">
          Nothing was found for <span className="mono">{answer.unmatched_variables.join(', ')}</span>.
        </Text>
      )}
      <LeftOut names={answer.left_out_variables ?? []} reasons={answer.left_out_reasons ?? {}} />
    </Stack>
  );
}
