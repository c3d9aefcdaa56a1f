import { SegmentedControl, Stack, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schemas } from '~/api/client';
import { SecretPicker } from './SecretPicker';

export type ValueSource = Schemas['ValueSource'];

interface Props {
  label: string;
  description?: ReactNode;
  error?: ReactNode;
  placeholder?: string;
  value: ValueSource;
  onChange: (value: ValueSource) => void;
}

/** A value that is text (or a template) or a secret by its name. */
export function ValueInput({ label, description, error, placeholder, value, onChange }: Props) {
  const isSecret = typeof value !== 'string';
  return (
    <Stack gap={4}>
      <SegmentedControl
        size="xs"
        aria-label={`${label}: text or secret`}
        data={[
          { value: 'text', label: 'Text' },
          { value: 'secret', label: 'Secret' },
        ]}
        value={isSecret ? 'secret' : 'text'}
        onChange={(kind) => onChange(kind === 'secret' ? { secret: '' } : '')}
        style={{ alignSelf: 'flex-start' }}
      />
      {isSecret ? (
        <SecretPicker
          label={label}
          description={description}
          error={error}
          value={value.secret}
          onChange={(secret) => onChange({ secret })}
        />
      ) : (
        <TextInput
          label={label}
          description={description}
          error={error}
          placeholder={placeholder ?? ''}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Stack>
  );
}
