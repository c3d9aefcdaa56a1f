import {
  ActionIcon,
  Badge,
  Checkbox,
  Group,
  NativeSelect,
  Paper,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import IconAdjustments from '@tabler/icons-react/icons/IconAdjustments';
import IconTrash from '@tabler/icons-react/icons/IconTrash';
import { useEffect, useState } from 'react';
import { useUnfinished } from '../unfinished';
import { PropertyDetails } from './PropertyDetails';
import {
  fieldType,
  isObject,
  type Property,
  propertyNameProblem,
  setKeyword,
  setType,
  TYPES,
} from './schema';

interface Props {
  property: Property;
  /** All names here, so that none is taken twice. */
  names: readonly string[];
  readOnly: boolean;
  hint: string | undefined;
  onRename: (name: string) => void;
  onRequired: (on: boolean) => void;
  onSchema: (schema: unknown) => void;
  onRemove: () => void;
}

/** One property: name, type, required, description; the rest behind a button. */
export function PropertyRow({ property, names, readOnly, hint, ...on }: Props) {
  const { name, schema, required } = property;
  const type = fieldType(schema);
  const [open, toggle] = useDisclosure(false);
  const description = isObject(schema) && typeof schema.description === 'string' ? schema.description : '';
  return (
    <Paper withBorder p={8}>
      <div className="property-row">
        <NameInput name={name} names={names} readOnly={readOnly} onRename={on.onRename} />
        <NativeSelect
          size="xs"
          aria-label={`Type of ${name}`}
          disabled={readOnly}
          data={type === 'other' ? [{ value: 'other', label: 'written in JSON' }, ...TYPES] : [...TYPES]}
          value={type}
          onChange={(event) => {
            const next = TYPES.find((one) => one === event.currentTarget.value);
            if (next) on.onSchema(setType(schema, next));
          }}
        />
        <Checkbox
          size="xs"
          label="required"
          aria-label={`${name} is required`}
          disabled={readOnly}
          checked={required}
          onChange={(event) => on.onRequired(event.currentTarget.checked)}
        />
        <Group gap={2} wrap="nowrap" ml="auto">
          <Tooltip label={open ? 'Less' : 'Limits, default, choices'}>
            <ActionIcon
              aria-label={`More about ${name}`}
              aria-expanded={open}
              onClick={toggle.toggle}
              size="sm"
            >
              <IconAdjustments size={14} />
            </ActionIcon>
          </Tooltip>
          {!readOnly && (
            <Tooltip label="Remove">
              <ActionIcon aria-label={`Remove ${name}`} onClick={on.onRemove} size="sm">
                <IconTrash size={14} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      </div>
      <TextInput
        size="xs"
        mt={6}
        aria-label={`Description of ${name}`}
        placeholder="What it is, for the model"
        readOnly={readOnly || !isObject(schema)}
        value={description}
        onChange={(event) => on.onSchema(setKeyword(schema, 'description', event.currentTarget.value))}
      />
      {hint && (
        <Text size="xs" c="dimmed" mt={4}>
          Sent{' '}
          <Badge component="span" size="xs" variant="default" tt="none" fw={400}>
            {hint}
          </Badge>
        </Text>
      )}
      {open && <PropertyDetails name={name} schema={schema} readOnly={readOnly} onChange={on.onSchema} />}
    </Paper>
  );
}

interface NameProps {
  name: string;
  names: readonly string[];
  readOnly: boolean;
  onRename: (name: string) => void;
}

/** Taken with every key, so that it is never an old name that is saved; one that cannot be, keeps the form from it. */
function NameInput({ name, names, readOnly, onRename }: NameProps) {
  const [typed, setTyped] = useState(name);
  useEffect(() => {
    setTyped(name);
  }, [name]);
  const problem = typed === name ? undefined : propertyNameProblem(typed, names);
  useUnfinished(`Name of the parameter ${name}`, problem);
  return (
    <TextInput
      size="xs"
      className="property-name"
      classNames={{ input: 'mono' }}
      aria-label={`Name of the parameter ${name}`}
      readOnly={readOnly}
      value={typed}
      error={problem}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setTyped(next);
        if (next !== name && !propertyNameProblem(next, names)) onRename(next);
      }}
    />
  );
}
