import { Alert, Text, Tooltip } from '@mantine/core';
import type { Schemas } from '~/api/client';
import { StatusBadge } from '~/parts/badges';
import { RelativeTime } from '~/parts/time';
import { lastErrorOf } from './kinds';

const words = (code: string) => code.replaceAll('_', ' ');

/** In a list: its code and when; the sentence for whoever points at it. */
export function LastErrorCell({ integration }: { integration: Schemas['Integration'] }) {
  const error = lastErrorOf(integration);
  if (!error) {
    return (
      <Text span c="dimmed" size="sm">
        none
      </Text>
    );
  }
  return (
    <Tooltip label={error.message} multiline maw={360}>
      <span>
        <StatusBadge tone="bad">{words(error.code)}</StatusBadge> <RelativeTime at={error.at} />
      </span>
    </Tooltip>
  );
}

/** On the integration's own page, in full. */
export function LastErrorAlert({ integration }: { integration: Schemas['Integration'] }) {
  const error = integration.last_error;
  if (!error) return null;
  return (
    <Alert color="red" variant="light" mb="md" title={`Last error: ${words(error.code)}`}>
      <Text size="sm">{error.message}</Text>
      <Text size="xs" mt={4}>
        In {error.environment}, <RelativeTime at={error.at} />.
      </Text>
    </Alert>
  );
}
