import { Button, Checkbox, Group, NativeSelect, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import IconPlus from '@tabler/icons-react/icons/IconPlus';
import { numberOf } from './arguments';
import { PropertyList } from './PropertyList';
import {
  addProperty,
  fieldType,
  isNullable,
  isObject,
  type JsonObject,
  keptKeywords,
  setKeyword,
  setNullable,
  setType,
  TYPES,
} from './schema';

interface Props {
  name: string;
  schema: unknown;
  readOnly: boolean;
  onChange: (schema: JsonObject) => void;
}

/** What a property may be: choices, limits, default; for an object its own properties, for a list its items. */
export function PropertyDetails({ name, schema, readOnly, onChange }: Props) {
  const type = fieldType(schema);
  const kept = keptKeywords(schema);
  const keyword = (key: string, value: unknown) => onChange(setKeyword(schema, key, value));
  return (
    <Stack gap={8} mt={8} pl="sm" style={{ borderInlineStart: '2px solid var(--sb-line)' }}>
      <fieldset disabled={readOnly} style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
        <Stack gap={8}>
          {(type === 'string' || type === 'integer' || type === 'number') && (
            <Choices schema={schema as JsonObject} numbers={type !== 'string'} onChange={keyword} />
          )}
          {type === 'string' && (
            <Group gap="xs" grow preventGrowOverflow={false}>
              <NumberKeyword schema={schema} name="minLength" label="Minimum length" onChange={keyword} />
              <NumberKeyword schema={schema} name="maxLength" label="Maximum length" onChange={keyword} />
              <TextKeyword schema={schema} name="pattern" label="Pattern" onChange={keyword} />
              <TextKeyword schema={schema} name="format" label="Format" onChange={keyword} />
            </Group>
          )}
          {(type === 'integer' || type === 'number') && (
            <Group gap="xs" grow>
              <NumberKeyword schema={schema} name="minimum" label="Minimum" onChange={keyword} />
              <NumberKeyword schema={schema} name="maximum" label="Maximum" onChange={keyword} />
            </Group>
          )}
          {type === 'array' && <Items schema={schema as JsonObject} onChange={keyword} />}
          {type !== 'other' && type !== 'array' && type !== 'object' && (
            <DefaultKeyword schema={schema} type={type} onChange={keyword} />
          )}
          {type !== 'other' && (
            <Checkbox
              size="xs"
              label="May be null"
              checked={isNullable(schema)}
              onChange={(event) => onChange(setNullable(schema, event.currentTarget.checked))}
            />
          )}
        </Stack>
      </fieldset>
      {type === 'object' && (
        <>
          <PropertyList
            schema={schema as JsonObject}
            onChange={onChange}
            readOnly={readOnly}
            label={`Members of ${name}`}
          />
          {!readOnly && (
            <Button
              variant="subtle"
              size="compact-xs"
              style={{ alignSelf: 'flex-start' }}
              leftSection={<IconPlus size={12} aria-hidden />}
              onClick={() => onChange(addProperty(schema as JsonObject, 'member', false))}
            >
              Add member
            </Button>
          )}
        </>
      )}
      {type === 'other' && (
        <Text size="xs">
          This part says more than the form can show. It is edited as JSON, and kept as it is.
        </Text>
      )}
      {kept.length > 0 && (
        <Text size="xs" c="dimmed">
          Also set, and kept: <span className="mono">{kept.join(', ')}</span>
        </Text>
      )}
    </Stack>
  );
}

interface KeywordProps {
  schema: unknown;
  name: string;
  label: string;
  onChange: (key: string, value: unknown) => void;
}

function textOf(schema: unknown, name: string): string {
  const value = isObject(schema) ? schema[name] : undefined;
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

function TextKeyword({ schema, name, label, onChange }: KeywordProps) {
  return (
    <TextInput
      size="xs"
      label={label}
      value={textOf(schema, name)}
      onChange={(event) => onChange(name, event.currentTarget.value)}
    />
  );
}

function NumberKeyword({ schema, name, label, onChange }: KeywordProps) {
  return (
    <TextInput
      size="xs"
      label={label}
      inputMode="numeric"
      value={textOf(schema, name)}
      onChange={(event) => onChange(name, numberOf(event.currentTarget.value))}
    />
  );
}

function DefaultKeyword({ schema, type, onChange }: Omit<KeywordProps, 'name' | 'label'> & { type: string }) {
  if (type === 'boolean') {
    return (
      <NativeSelect
        size="xs"
        label="Default"
        data={[
          { value: '', label: 'none' },
          { value: 'true', label: 'true' },
          { value: 'false', label: 'false' },
        ]}
        value={textOf(schema, 'default')}
        onChange={({ currentTarget: { value } }) =>
          onChange('default', value === '' ? undefined : value === 'true')
        }
      />
    );
  }
  return type === 'string' ? (
    <TextKeyword schema={schema} name="default" label="Default" onChange={onChange} />
  ) : (
    <NumberKeyword schema={schema} name="default" label="Default" onChange={onChange} />
  );
}

interface ChoicesProps {
  schema: JsonObject;
  numbers: boolean;
  onChange: (key: string, value: unknown) => void;
}

function Choices({ schema, numbers, onChange }: ChoicesProps) {
  const values = Array.isArray(schema.enum) ? schema.enum : [];
  if (values.some((one) => typeof one !== 'string' && typeof one !== 'number')) {
    return <Text size="xs">Its choices are edited as JSON.</Text>;
  }
  return (
    <TagsInput
      size="xs"
      label="One of"
      placeholder={values.length === 0 ? 'Any; or type a choice and press Enter' : ''}
      value={values.map(String)}
      onChange={(tags) =>
        onChange('enum', tags.length === 0 ? undefined : tags.map((tag) => (numbers ? numberOf(tag) : tag)))
      }
    />
  );
}

function Items({
  schema,
  onChange,
}: {
  schema: JsonObject;
  onChange: (key: string, value: unknown) => void;
}) {
  const type = fieldType(schema.items);
  return (
    <Group gap="xs" grow preventGrowOverflow={false}>
      <NativeSelect
        size="xs"
        label="Of"
        data={type === 'other' ? [{ value: 'other', label: 'written in JSON' }, ...TYPES] : [...TYPES]}
        value={type}
        onChange={(event) => {
          const next = TYPES.find((one) => one === event.currentTarget.value);
          if (next) onChange('items', setType(schema.items, next));
        }}
      />
      <NumberKeyword schema={schema} name="minItems" label="Minimum items" onChange={onChange} />
      <NumberKeyword schema={schema} name="maxItems" label="Maximum items" onChange={onChange} />
    </Group>
  );
}
