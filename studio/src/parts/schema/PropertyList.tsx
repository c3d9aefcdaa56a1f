import { Stack } from '@mantine/core';
import { PropertyRow } from './PropertyRow';
import {
  type JsonObject,
  propertiesOf,
  removeProperty,
  renameProperty,
  replaceProperty,
  setRequired,
} from './schema';

interface Props {
  schema: JsonObject;
  onChange: (schema: JsonObject) => void;
  readOnly: boolean;
  hint?: ((name: string) => string) | undefined;
  label: string;
}

/** The properties of an object, one under the other. */
export function PropertyList({ schema, onChange, readOnly, hint, label }: Props) {
  const properties = propertiesOf(schema);
  if (properties.length === 0) return null;
  const names = properties.map((one) => one.name);
  return (
    <Stack gap={6} role="group" aria-label={label}>
      {properties.map((property, index) => (
        <PropertyRow
          // biome-ignore lint/suspicious/noArrayIndexKey: a name changes while it is typed, a place does not.
          key={index}
          property={property}
          names={names}
          readOnly={readOnly}
          hint={hint?.(property.name)}
          onRename={(name) => onChange(renameProperty(schema, property.name, name))}
          onRequired={(on) => onChange(setRequired(schema, property.name, on))}
          onSchema={(inner) => onChange(replaceProperty(schema, property.name, inner))}
          onRemove={() => onChange(removeProperty(schema, property.name))}
        />
      ))}
    </Stack>
  );
}
