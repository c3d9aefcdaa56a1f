import './schema.css';
import { Alert, Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import IconPlus from '@tabler/icons-react/icons/IconPlus';
import { type ReactNode, useMemo } from 'react';
import { CodeEditor } from '../CodeEditor';
import { PropertyList } from './PropertyList';
import {
  addProperty,
  EMPTY_SCHEMA,
  fieldType,
  type JsonObject,
  keptKeywords,
  parseSchema,
  propertiesOf,
  schemaText,
} from './schema';

interface Props {
  /** The schema as text; empty is none. It alone is the state: the form is drawn from it and writes into it. */
  value: string;
  onChange: (text: string) => void;
  error?: ReactNode;
  readOnly?: boolean;
  /** A word beside each property at the top, e.g. where it goes. */
  hint?: (name: string) => string;
  jsonLabel?: string;
}

/** A schema of parameters: a form and the JSON Schema side by side, one and the same thing. */
export function SchemaEditor({ value, onChange, error, readOnly = false, hint, jsonLabel }: Props) {
  const parsed = useMemo(() => parseSchema(value), [value]);
  const change = (schema: JsonObject) => onChange(schemaText(schema));
  return (
    <div className="schema-editor">
      <div>
        {parsed.problem !== undefined ? (
          <Alert color="yellow" variant="light" title="The JSON Schema is not complete">
            <Text size="sm">{parsed.problem}</Text>
            <Text size="sm">Fix it in the JSON; the form follows as soon as it can be read.</Text>
          </Alert>
        ) : (
          <SchemaFields schema={parsed.schema} onChange={change} readOnly={readOnly} hint={hint} />
        )}
      </div>
      <CodeEditor
        label={jsonLabel ?? 'JSON Schema'}
        language="json"
        value={value}
        onChange={onChange}
        readOnly={readOnly}
        error={error}
        minHeight={160}
        maxHeight={520}
      />
    </div>
  );
}

interface FieldsProps {
  schema: JsonObject | null;
  onChange: (schema: JsonObject) => void;
  readOnly: boolean;
  hint: ((name: string) => string) | undefined;
}

function SchemaFields({ schema, onChange, readOnly, hint }: FieldsProps) {
  const now = schema ?? EMPTY_SCHEMA;
  const none = propertiesOf(now).length === 0;
  const kept = keptKeywords({ ...now, type: 'object' });
  const shaped = schema === null || fieldType(schema) === 'object';
  return (
    <Stack gap="xs">
      {none && (
        <Text c="dimmed" size="sm">
          {schema === null
            ? 'No schema: any arguments are accepted.'
            : 'No arguments yet. Each one that you add is something the model has to provide.'}
        </Text>
      )}
      {!shaped && (
        <Text size="sm">
          The top of this schema says more than the form can show; that part is edited as JSON.
        </Text>
      )}
      <PropertyList schema={now} onChange={onChange} readOnly={readOnly} hint={hint} label="Parameters" />
      {!readOnly && (
        <Group gap="md">
          <Button
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => onChange(addProperty(now))}
          >
            Add parameter
          </Button>
          <Checkbox
            size="xs"
            label="Refuse arguments that are not listed"
            checked={now.additionalProperties === false}
            onChange={(event) => {
              const { additionalProperties: _, ...rest } = now;
              onChange(event.currentTarget.checked ? { ...rest, additionalProperties: false } : rest);
            }}
          />
        </Group>
      )}
      {kept.length > 0 && (
        <Text size="xs" c="dimmed">
          Also in the schema, and kept: <span className="mono">{kept.join(', ')}</span>
        </Text>
      )}
    </Stack>
  );
}
