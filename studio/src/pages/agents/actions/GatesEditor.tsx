import { Button, Group, MultiSelect, NativeSelect, NumberInput, Stack, Text, Title } from '@mantine/core';
import type { BindingValues, Gates, Phase } from '../draft/model';
import { useDraft } from '../draft/useDraft';

interface Props {
  binding: BindingValues;
  onChange: (binding: BindingValues) => void;
  errors: (pointer: string, under?: 'under') => string | undefined;
}

const BOTH = 'both';

/** When and how often it may be called. What is left alone does not restrict. */
export function GatesEditor({ binding, onChange, errors }: Props) {
  const { values, readOnly } = useDraft();
  const known = values.states.map((state) => state.name);
  const allowed = binding.allowed_states ?? [];
  const unknown = allowed.filter((name) => !known.includes(name));
  const { phases, max_successful_calls, allowed_states, ...ungated } = binding;
  const isRestricted = (phases ?? max_successful_calls ?? allowed_states) !== undefined;
  const reset = () => onChange(ungated);
  function set<K extends keyof Gates>(field: K, value: Gates[K] | undefined) {
    const next: Gates = { ...binding };
    if (value === undefined) delete next[field];
    else next[field] = value;
    onChange(next as BindingValues);
  }
  return (
    <Stack gap="xs" component="section" aria-label="When it may be called">
      <Group justify="space-between">
        <Title order={3}>When it may be called</Title>
        {binding.link && isRestricted && !readOnly && (
          <Button variant="default" size="compact-xs" onClick={reset}>
            Reset to inherited
          </Button>
        )}
      </Group>
      {binding.link && (
        <Text size="xs" c="dimmed">
          Inherited from the shared action: both phases, no limit, every state.
        </Text>
      )}
      <NativeSelect
        size="xs"
        label="Phases"
        value={binding.phases?.length === 1 ? binding.phases[0] : BOTH}
        onChange={(event) => {
          const value = event.currentTarget.value;
          set('phases', value === BOTH ? undefined : [value as Phase]);
        }}
        data={[
          { value: BOTH, label: 'In the call and after it' },
          { value: 'in_call', label: 'Only in the call' },
          { value: 'post_call', label: 'Only after the call' },
        ]}
        error={errors('phases', 'under')}
      />
      <NumberInput
        size="xs"
        label="Max successful calls"
        description="In one conversation. Empty is no limit; a failed call does not count."
        placeholder="no limit"
        min={1}
        max={1_000_000}
        allowDecimal={false}
        value={binding.max_successful_calls ?? ''}
        onChange={(value) =>
          set('max_successful_calls', typeof value === 'number' && value > 0 ? value : undefined)
        }
        error={errors('max_successful_calls')}
      />
      <MultiSelect
        size="xs"
        label="Allowed states"
        description={
          values.strict_states
            ? 'Empty is every state.'
            : 'Strict states is off on the States tab: this is stored but not applied.'
        }
        placeholder={allowed.length === 0 ? 'every state' : ''}
        data={[...known, ...unknown.map((name) => ({ value: name, label: `${name} (no such state)` }))]}
        value={allowed}
        onChange={(next) => set('allowed_states', next.length > 0 ? next : undefined)}
        error={
          errors('allowed_states', 'under') ??
          (unknown.length > 0
            ? `There is no state ${unknown.join(', ')}. Choose others; it cannot be published like this.`
            : undefined)
        }
        searchable
        nothingFoundMessage={known.length === 0 ? 'The agent has no states' : 'No state has that name'}
      />
      {binding.action?.kind === 'end_call' && (
        <Text size="xs" c="dimmed">
          Ending a call is possible only in the call.
        </Text>
      )}
    </Stack>
  );
}
