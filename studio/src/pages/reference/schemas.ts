import type { Schema } from '~/api/document';

export type Schemas = Record<string, Schema>;

/** A schema with its reference followed and null told apart. */
export interface Resolved {
  schema: Schema;
  /** The name it has in the document. */
  name?: string;
  nullable: boolean;
  /** The closest description: of the place before that of the type. */
  description?: string;
}

const PREFIX = '#/components/schemas/';

export function nameOf(reference: string | undefined): string | undefined {
  return reference?.startsWith(PREFIX) ? reference.slice(PREFIX.length) : undefined;
}

function isNull(schema: Schema): boolean {
  return schema.type === 'null';
}

/** Follows references, also the one behind "this or null". */
export function resolve(given: Schema, schemas: Schemas): Resolved {
  const name = nameOf(given.$ref);
  const target = name === undefined ? undefined : schemas[name];
  if (name !== undefined && target) {
    const { description = given.description, ...rest } = resolve(target, schemas);
    const found = given.description ?? description;
    return { ...rest, name, ...(found === undefined ? {} : { description: found }) };
  }
  const [only, ...others] = given.oneOf?.filter((one) => !isNull(one)) ?? [];
  if (only && others.length === 0) {
    const inner = resolve(only, schemas);
    return { ...inner, nullable: true, ...(given.description ? { description: given.description } : {}) };
  }
  const nullable = given.oneOf?.some(isNull) ?? (Array.isArray(given.type) && given.type.includes('null'));
  return { schema: given, nullable, ...(given.description ? { description: given.description } : {}) };
}

function typesOf(schema: Schema): string[] {
  const types = Array.isArray(schema.type) ? schema.type : schema.type ? [schema.type] : [];
  return types.filter((one) => one !== 'null');
}

/** The variants of a union, with the word that chooses each. */
export function variantsOf(schema: Schema, schemas: Schemas): { word: string; schema: Schema }[] {
  const variants = schema.oneOf?.filter((one) => !isNull(one)) ?? [];
  const words = Object.entries(schema.discriminator?.mapping ?? {});
  return variants.map((variant, at) => {
    const word = words.find(([, reference]) => reference === variant.$ref)?.[0];
    const { name, schema: found } = resolve(variant, schemas);
    return {
      word: word ?? variant.title ?? name ?? typesOf(found)[0] ?? `variant ${at + 1}`,
      schema: variant,
    };
  });
}

/** The type in a few words: `string (date-time) or null`, `list of Link`. */
export function typeWords(given: Schema, schemas: Schemas): string {
  const { schema, name, nullable } = resolve(given, schemas);
  return `${plainWords(schema, name, schemas)}${nullable ? ' or null' : ''}`;
}

function plainWords(schema: Schema, name: string | undefined, schemas: Schemas): string {
  if (schema.oneOf)
    return (
      name ??
      variantsOf(schema, schemas)
        .map((one) => one.word)
        .join(' or ')
    );
  const types = typesOf(schema);
  if (types.length === 0) return 'any JSON value';
  return types
    .map((type) => {
      if (type === 'array') return schema.items ? `list of ${typeWords(schema.items, schemas)}` : 'list';
      if (type === 'object') return objectWords(schema, name, schemas);
      return schema.format && type === 'string' ? `string (${schema.format})` : type;
    })
    .join(' or ');
}

function objectWords(schema: Schema, name: string | undefined, schemas: Schemas): string {
  if (name) return name;
  const values = schema.additionalProperties;
  return typeof values === 'object' ? `object of ${typeWords(values, schemas)}` : 'object';
}

/** What a value must keep to, each in a few words. */
export function limitsOf(schema: Schema): string[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = schema;
  const said = [
    between(minimum, maximum, ''),
    between(minLength, maxLength, ' characters'),
    between(minItems, maxItems, ' entries'),
  ];
  if (pattern) said.push(`matches ${pattern}`);
  if (schema.default !== undefined && schema.default !== null)
    said.push(`default ${JSON.stringify(schema.default)}`);
  if (schema.writeOnly) said.push('never shown again');
  return said.filter((one) => one !== undefined);
}

function between(least: number | undefined, most: number | undefined, unit: string): string | undefined {
  if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}`;
  if (least !== undefined) return least > 0 || unit === '' ? `at least ${least}${unit}` : undefined;
  return most === undefined ? undefined : `at most ${most}${unit}`;
}

/** What is inside of a schema that can be opened: of a list its entries, of a map its values. */
export function inside(given: Schema, schemas: Schemas): Schema | undefined {
  const { schema } = resolve(given, schemas);
  if (schema.oneOf || Object.keys(schema.properties ?? {}).length > 0) return given;
  if (schema.items) return inside(schema.items, schemas);
  return typeof schema.additionalProperties === 'object'
    ? inside(schema.additionalProperties, schemas)
    : undefined;
}

/** A value that fits, with what is required and no more. */
export function exampleOf(given: Schema, schemas: Schemas, depth = 0): unknown {
  const { schema } = resolve(given, schemas);
  const known = schema.examples?.[0] ?? schema.default ?? schema.enum?.[0];
  if (known !== undefined && known !== null) return known;
  const [variant] = variantsOf(schema, schemas);
  if (variant) return exampleOf(variant.schema, schemas, depth);
  const [type] = typesOf(schema);
  if (type === 'object') return exampleObject(schema, schemas, depth);
  if (type === 'array')
    return (schema.minItems ?? 0) > 0 && schema.items ? [exampleOf(schema.items, schemas, depth + 1)] : [];
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return true;
  if (type !== 'string') return {};
  return schema.format === 'date-time' ? '2026-01-31T12:00:00Z' : '…';
}

function exampleObject(schema: Schema, schemas: Schemas, depth: number): unknown {
  const properties = Object.entries(schema.properties ?? {});
  const required = properties.filter(([name]) => schema.required?.includes(name));
  // Where none is required, any one will do.
  const shown = required.length > 0 ? required : properties.slice(0, 1);
  if (depth > 6) return {};
  return Object.fromEntries(shown.map(([name, one]) => [name, exampleOf(one, schemas, depth + 1)]));
}
