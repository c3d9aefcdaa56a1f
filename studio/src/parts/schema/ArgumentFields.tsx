import { Fieldset, NativeSelect, Stack, TagsInput, TextInput } from '@mantine/core';
import { choicesOf, numberOf, resolve, withMember } from './arguments';
import { JsonField } from './JsonField';
import { fieldType, isNullable, isObject, type JsonObject, propertiesOf } from './schema';

interface Props {
  schema: unknown;
  /** The whole schema, for what refers into it. */
  root: unknown;
  value: unknown;
  onChange: (value: JsonObject) => void;
  pointer: string;
  errors: (pointer: string, under?: 'under') => string | undefined;
}

/** One field for each property of an object's schema. */
export function ArgumentFields({ schema, root, value, onChange, pointer, errors }: Props) {
  return (
    <Stack gap={8}>
      {propertiesOf(schema).map((property) => (
        <ArgumentField
          key={property.name}
          name={property.name}
          required={property.required}
          schema={resolve(property.schema, root)}
          root={root}
          value={isObject(value) ? value[property.name] : undefined}
          onChange={(inner) => onChange(withMember(value, property.name, inner))}
          pointer={`${pointer}/${property.name}`}
          errors={errors}
        />
      ))}
    </Stack>
  );
}

interface FieldProps {
  name: string;
  required: boolean;
  schema: unknown;
  root: unknown;
  value: unknown;
  onChange: (value: unknown) => void;
  pointer: string;
  errors: (pointer: string, under?: 'under') => string | undefined;
}

function ArgumentField({ name, required, schema, root, value, onChange, pointer, errors }: FieldProps) {
  const type = fieldType(schema);
  const about = isObject(schema) ? schema : {};
  const description = typeof about.description === 'string' ? about.description : undefined;
  const shared = {
    size: 'xs',
    label: name,
    withAsterisk: required,
    description,
    error: errors(pointer, 'under'),
  } as const;
  const choices = choicesOf(schema);
  if (choices && (type === 'string' || type === 'integer' || type === 'number')) {
    return (
      <NativeSelect
        {...shared}
        data={[{ value: '', label: required ? 'Choose' : 'not given' }, ...choices.map(String)]}
        value={value === undefined || value === null ? '' : String(value)}
        onChange={(event) => onChange(choices.find((one) => String(one) === event.currentTarget.value))}
      />
    );
  }
  if (value === null && isNullable(schema))
    return <JsonField {...shared} value={value} onChange={onChange} />;
  switch (type) {
    case 'string':
      if (value !== undefined && typeof value !== 'string') break;
      return (
        <TextInput
          {...shared}
          placeholder={typeof about.format === 'string' ? about.format : ''}
          value={value ?? ''}
          onChange={(event) =>
            onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value)
          }
        />
      );
    case 'integer':
    case 'number':
      if (value !== undefined && typeof value !== 'number' && typeof value !== 'string') break;
      return (
        <TextInput
          {...shared}
          inputMode="decimal"
          error={typeof value === 'string' ? 'Not a number' : shared.error}
          key={name}
          defaultValue={value ?? ''}
          onChange={(event) => onChange(numberOf(event.currentTarget.value))}
        />
      );
    case 'boolean':
      if (value !== undefined && typeof value !== 'boolean') break;
      return (
        <NativeSelect
          {...shared}
          data={[
            { value: '', label: required ? 'Choose' : 'not given' },
            { value: 'true', label: 'true' },
            { value: 'false', label: 'false' },
          ]}
          value={value === undefined ? '' : String(value)}
          onChange={({ currentTarget: { value: next } }) =>
            onChange(next === '' ? undefined : next === 'true')
          }
        />
      );
    case 'array': {
      const items = isObject(schema) ? resolve(schema.items, root) : undefined;
      if (fieldType(items) !== 'string' || choicesOf(items)) break;
      if (value !== undefined && !(Array.isArray(value) && value.every((one) => typeof one === 'string')))
        break;
      return (
        <TagsInput
          {...shared}
          allowDuplicates
          placeholder="Type one and press Enter"
          value={value ?? []}
          onChange={(tags) => onChange(tags.length === 0 && !required ? undefined : tags)}
        />
      );
    }
    case 'object':
      if (propertiesOf(schema).length === 0 || (value !== undefined && !isObject(value))) break;
      return (
        <Fieldset legend={required ? `${name} *` : name} p="xs">
          <ArgumentFields
            schema={schema}
            root={root}
            value={value}
            onChange={onChange}
            pointer={pointer}
            errors={errors}
          />
        </Fieldset>
      );
  }
  return <JsonField {...shared} value={value} onChange={onChange} />;
}
