import { Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { CodeEditor } from '../CodeEditor';
import { ArgumentFields } from './ArgumentFields';
import { isObject, type JsonObject, propertiesOf } from './schema';

interface Props {
  schema: JsonObject | null | undefined;
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  /** Errors of the last call, by their place, e.g. `/arguments/amount`. */
  errors: (pointer: string, under?: 'under') => string | undefined;
  /** Whether what stands here can be sent: false while the JSON is half typed. */
  onValid?: (valid: boolean) => void;
}

/** The arguments of a call: a form made from the schema, or JSON. */
export function ArgumentsEditor({ schema, value, onChange, errors, onValid }: Props) {
  const fields = propertiesOf(schema).length > 0;
  const [mode, setMode] = useState<'form' | 'json'>(fields || schema ? 'form' : 'json');
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const problem = mode === 'json' ? problemOfText(text) : undefined;
  const show = (next: string) => {
    if (next === 'json') setText(JSON.stringify(value, null, 2));
    onValid?.(true);
    setMode(next === 'json' ? 'json' : 'form');
  };
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text fw={500}>Arguments</Text>
        <SegmentedControl
          size="xs"
          aria-label="Arguments as a form or as JSON"
          data={[
            { value: 'form', label: 'Form' },
            { value: 'json', label: 'JSON' },
          ]}
          value={mode}
          onChange={show}
        />
      </Group>
      {mode === 'form' ? (
        fields ? (
          <ArgumentFields
            schema={schema}
            root={schema}
            value={value}
            onChange={onChange}
            pointer="/arguments"
            errors={errors}
          />
        ) : (
          <Text c="dimmed" size="sm">
            {schema
              ? 'This action takes no arguments.'
              : 'This action has no schema; give its arguments as JSON.'}
          </Text>
        )
      ) : (
        <CodeEditor
          label="Arguments as JSON"
          language="json"
          value={text}
          minHeight={110}
          error={problem ?? errors('/arguments', 'under')}
          onChange={(next) => {
            setText(next);
            const wrong = problemOfText(next);
            onValid?.(wrong === undefined);
            if (wrong === undefined) onChange(JSON.parse(next || '{}') as JsonObject);
          }}
        />
      )}
      {mode === 'form' && errors('/arguments') && (
        <Text size="xs" c="var(--mantine-color-error)">
          {errors('/arguments')}
        </Text>
      )}
    </Stack>
  );
}

function problemOfText(text: string): string | undefined {
  try {
    return isObject(JSON.parse(text || '{}')) ? undefined : 'Arguments are a JSON object: {"name": value}.';
  } catch (error) {
    return error instanceof Error ? error.message : 'This is not JSON.';
  }
}
