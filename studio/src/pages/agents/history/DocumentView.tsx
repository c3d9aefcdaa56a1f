import { Group, Stack, Text, Title } from '@mantine/core';
import { StatusBadge } from '~/parts/badges';
import { CodeEditor } from '~/parts/CodeEditor';
import { JsonView } from '~/parts/JsonView';
import { useBindingNames } from '../actions/useLinked';
import { nameOf } from '../draft/differences';
import { bindingInput, type DraftValues } from '../draft/model';

/** A locked version's document, to read. */
export function DocumentView({ values }: { values: DraftValues }) {
  const names = useBindingNames(values.actions);
  return (
    <Stack gap="lg">
      <CodeEditor label="Instructions" language="template" readOnly value={values.instructions} />
      <Stack gap="xs" component="section">
        <Group gap={6}>
          <Title order={2}>States</Title>
          <StatusBadge tone="plain">{values.strict_states ? 'strict' : 'not strict'}</StatusBadge>
        </Group>
        {values.states.length === 0 && <Text c="dimmed">It has no states.</Text>}
        {values.states.map((state) => (
          <Stack key={state.name} className="panel" p="sm" gap={4}>
            <Group gap={6}>
              <Text fw={600}>{state.name}</Text>
              {values.initial_state === state.name && <StatusBadge tone="info">initial</StatusBadge>}
            </Group>
            {state.description && <Text size="sm">{state.description}</Text>}
            {state.instructions && (
              <Text size="sm" style={{ whiteSpace: 'pre-line' }}>
                {state.instructions}
              </Text>
            )}
            <Text size="xs" c="dimmed">
              {state.transitions
                ? `Goes on to: ${state.transitions.join(', ') || 'nothing'}`
                : 'Goes on to any state'}
            </Text>
          </Stack>
        ))}
      </Stack>
      <Stack gap="xs" component="section">
        <Title order={2}>Actions</Title>
        {values.actions.length === 0 && <Text c="dimmed">It has no actions.</Text>}
        {values.actions.map((binding) => (
          <Stack key={binding.key} className="panel" p="sm" gap={4}>
            <Group gap={6}>
              <Text fw={600} className="mono">
                {nameOf(binding, names)}
              </Text>
              <StatusBadge tone={binding.link ? 'info' : 'plain'}>
                {binding.link ? 'link' : (binding.action?.kind ?? '').replaceAll('_', ' ')}
              </StatusBadge>
            </Group>
            <JsonView value={bindingInput(binding)} label={`${nameOf(binding, names)} as it is stored`} />
          </Stack>
        ))}
      </Stack>
    </Stack>
  );
}
