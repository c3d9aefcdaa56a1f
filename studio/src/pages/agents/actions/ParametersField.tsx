import { Text } from '@mantine/core';
import { type ReactNode, useCallback } from 'react';
import { SchemaEditor } from '~/parts/schema/SchemaEditor';
import { type Hold, UnfinishedContext } from '~/parts/unfinished';
import type { JsonSchema } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { useJsonText } from './useJsonText';

interface Props {
  label: string;
  description?: string;
  /** The key of the binding whose parameters these are. */
  of: string;
  error?: ReactNode;
  value: JsonSchema;
  onChange: (value: JsonSchema) => void;
}

/** The schema of an action's arguments, as a form and as JSON. */
export function ParametersField({ label, description, of, error, value, onChange }: Props) {
  const { readOnly, setText } = useDraft();
  const hold = useCallback<Hold>((name, words) => setText(`${of}/${name}`, words), [of, setText]);
  const { text, change, problem } = useJsonText({
    field: parametersField(of),
    object: true,
    value,
    onChange: (next) => onChange(next as JsonSchema),
  });
  return (
    <div role="group" aria-label={label}>
      <Text size="xs" fw={500}>
        {label}
      </Text>
      {description && (
        <Text size="xs" c="dimmed" mb={4}>
          {description}
        </Text>
      )}
      <UnfinishedContext value={hold}>
        <SchemaEditor value={text} onChange={change} error={problem ?? error} readOnly={readOnly} />
      </UnfinishedContext>
    </div>
  );
}

/** What they are called among the draft's fields. */
export function parametersField(of: string): string {
  return `${of}/Parameters`;
}
