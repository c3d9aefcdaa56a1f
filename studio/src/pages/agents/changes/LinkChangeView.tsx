import { Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '~/api/client';
import { ClassBadge } from '~/parts/badges';
import { DiffView } from '~/parts/JsonView';
import { changeWords, fieldWords, whereWords } from './words';

type Change = Schemas['LinkChange'];
type Field = Schemas['FieldChange'];

/** One linked action that is no longer what the version saw: its head line. */
export function ChangeHead({ change }: { change: Change }) {
  return (
    <Group gap={6} style={{ minWidth: 0 }}>
      {change.change === 'deleted' || change.change === 'integration_deleted' ? (
        <Text span fw={600} className="mono wrap-anywhere">
          {change.name}
        </Text>
      ) : (
        <Link to="/actions/$id" params={{ id: change.action_id }} className="quiet-link mono wrap-anywhere">
          {change.name}
        </Link>
      )}
      <Text span size="sm">
        {changeWords(change)}
      </Text>
      <ClassBadge value={change.class} />
    </Group>
  );
}

/** Field by field: before, after, what it means for this agent, and where the agent mentions it. */
export function ChangeFields({ change }: { change: Change }) {
  const shown = change.fields.filter((field) => field.field !== 'integration_id');
  if (shown.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {change.change === 'moved'
          ? 'Its shape is the same as before.'
          : 'Link another action, or remove it.'}
      </Text>
    );
  }
  return (
    <Stack gap="sm">
      {shown.map((field) => (
        <FieldView key={field.field} field={field} of={change.name} />
      ))}
    </Stack>
  );
}

function FieldView({ field, of }: { field: Field; of: string }) {
  const words = fieldWords(field.field);
  const mentions = new Map(field.mentions?.map((one) => [`${one.where}:${one.quote}`, one]));
  return (
    <Stack gap={4}>
      <Group gap={6}>
        <Text span size="sm" fw={600}>
          {words}
        </Text>
        <ClassBadge value={field.class} />
      </Group>
      <DiffView before={field.before} after={field.after} label={`${words} of ${of}, before and after`} />
      {[...mentions].map(([key, mention]) => (
        <Text key={key} size="xs" className="wrap-anywhere">
          <Text span size="xs" c="dimmed">
            Mentioned in {whereWords(mention.where)}:{' '}
          </Text>
          <q>{mention.quote}</q>
        </Text>
      ))}
    </Stack>
  );
}
