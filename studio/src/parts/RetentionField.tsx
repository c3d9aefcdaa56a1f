import { Group, NativeSelect, NumberInput } from '@mantine/core';
import type { RetentionForm } from './retention';

interface Props {
  value: RetentionForm;
  onChange: (next: RetentionForm) => void;
  description: string;
  error?: string | undefined;
  /** What the workspace says, for an agent that may leave it at that. */
  ofWorkspace?: string;
}

/** For how long events of conversations are kept. */
export function RetentionField({ value, onChange, description, error, ofWorkspace }: Props) {
  const choices = [
    ...(ofWorkspace ? [{ value: 'workspace', label: `As the workspace says: ${ofWorkspace}` }] : []),
    { value: 'forever', label: 'For ever' },
    { value: 'days', label: 'For some days' },
  ];
  return (
    <Group gap="sm" align="flex-end">
      <NativeSelect
        label="Events of conversations are kept"
        description={description}
        data={choices}
        value={value.kept}
        onChange={(event) => onChange({ ...value, kept: event.currentTarget.value as RetentionForm['kept'] })}
        error={value.kept === 'days' ? undefined : error}
      />
      {value.kept === 'days' && (
        <NumberInput
          label="Days"
          min={1}
          max={3650}
          allowDecimal={false}
          required
          maw={140}
          value={value.days}
          onChange={(days) => onChange({ ...value, days: typeof days === 'number' ? days : '' })}
          error={error}
        />
      )}
    </Group>
  );
}
