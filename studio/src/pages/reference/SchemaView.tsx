import { Code, NativeSelect, Stack, Text } from '@mantine/core';
import { useId, useState } from 'react';
import type { Schema } from '~/api/document';
import { StatusBadge } from '~/parts/badges';
import { Prose } from './Prose';
import { inside, limitsOf, resolve, type Schemas, typeWords, variantsOf } from './schemas';

interface Props {
  schema: Schema;
  schemas: Schemas;
}

/** A schema: of an object its members, of a union the members of the kind that is chosen. */
export function SchemaView({ schema: given, schemas }: Props) {
  const { schema, description } = resolve(given, schemas);
  const opened = inside(given, schemas);
  if (!opened) return <ValueFacts schema={given} schemas={schemas} />;
  if (opened !== given) {
    return (
      <Stack gap={6}>
        <Text c="dimmed">{typeWords(given, schemas)}</Text>
        <SchemaView schema={opened} schemas={schemas} />
      </Stack>
    );
  }
  return (
    <Stack gap={6}>
      <Prose dimmed>{description}</Prose>
      {schema.oneOf ? (
        <UnionView schema={schema} schemas={schemas} />
      ) : (
        <Members schema={schema} schemas={schemas} />
      )}
    </Stack>
  );
}

function UnionView({ schema, schemas }: Props) {
  const variants = variantsOf(schema, schemas);
  const [chosen, setChosen] = useState(0);
  const variant = variants[chosen] ?? variants[0];
  if (!variant) return null;
  return (
    <Stack gap={6}>
      <NativeSelect
        label={schema.discriminator ? `By ${schema.discriminator.propertyName}` : 'One of'}
        maw={320}
        value={chosen}
        onChange={(event) => setChosen(Number(event.currentTarget.value))}
        data={variants.map((one, at) => ({ value: String(at), label: one.word }))}
      />
      <SchemaView key={chosen} schema={variant.schema} schemas={schemas} />
    </Stack>
  );
}

function Members({ schema, schemas }: Props) {
  return (
    <ul className="schema-members">
      {Object.entries(schema.properties ?? {}).map(([name, member]) => (
        <li key={name}>
          <Member
            name={name}
            schema={member}
            schemas={schemas}
            required={schema.required?.includes(name) ?? false}
          />
        </li>
      ))}
      {typeof schema.additionalProperties === 'object' && (
        <li>
          <Member
            name="any other name"
            schema={schema.additionalProperties}
            schemas={schemas}
            required={false}
          />
        </li>
      )}
    </ul>
  );
}

/** A member of an object or a parameter: its name and type, what it is, what it must keep to, what is inside. */
export function Member({ name, schema, schemas, required }: Props & { name: string; required: boolean }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const opened = inside(schema, schemas);
  return (
    <Stack gap={2}>
      <div className="schema-head">
        <span className="mono schema-name" id={id}>
          {name}
        </span>
        <span className="schema-type">{typeWords(schema, schemas)}</span>
        {required && <StatusBadge tone="plain">required</StatusBadge>}
      </div>
      <ValueFacts schema={schema} schemas={schemas} described />
      {opened && (
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary aria-describedby={id}>What is in it</summary>
          {/* Drawn when it is opened: schemas lead to themselves. */}
          {open && <SchemaView schema={opened} schemas={schemas} />}
        </details>
      )}
    </Stack>
  );
}

function ValueFacts({ schema: given, schemas, described = false }: Props & { described?: boolean }) {
  const { schema, description } = resolve(given, schemas);
  const limits = limitsOf(schema);
  return (
    <>
      {!described && <Text c="dimmed">{typeWords(given, schemas)}</Text>}
      <Prose>{description}</Prose>
      {limits.length > 0 && (
        <Text c="dimmed" size="xs" className="wrap-anywhere">
          {limits.join(' · ')}
        </Text>
      )}
      {schema.enum && (
        <div className="schema-values">
          {schema.enum.map((value) => (
            <Code key={String(value)}>{String(value)}</Code>
          ))}
        </div>
      )}
    </>
  );
}
