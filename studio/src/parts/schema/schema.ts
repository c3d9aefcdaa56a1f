/*
 * What the form builder does to a JSON Schema. The schema itself is what is edited, member by member, so
 * nothing that the form does not show can get lost.
 */

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const TYPES = ['string', 'integer', 'number', 'boolean', 'array', 'object'] as const;
export type SimpleType = (typeof TYPES)[number];
/** `other`: what the form has no fields for, e.g. `anyOf`; it is kept as it is. */
export type FieldType = SimpleType | 'other';

export interface Property {
  name: string;
  schema: unknown;
  required: boolean;
}

const BEYOND = ['$ref', 'anyOf', 'oneOf', 'allOf', 'not', 'if', 'const'];

function simple(value: unknown): SimpleType | undefined {
  return TYPES.find((one) => one === value);
}

/** The one type a schema is of; `[type, "null"]` counts as that type. */
export function fieldType(schema: unknown): FieldType {
  if (!isObject(schema) || BEYOND.some((key) => key in schema)) return 'other';
  if (Array.isArray(schema.type)) {
    const [one, ...more] = schema.type.filter((type) => type !== 'null');
    return (more.length === 0 && simple(one)) || 'other';
  }
  return simple(schema.type) ?? 'other';
}

export function isNullable(schema: unknown): boolean {
  return isObject(schema) && Array.isArray(schema.type) && schema.type.includes('null');
}

export function propertiesOf(schema: unknown): Property[] {
  if (!isObject(schema) || !isObject(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties).map(([name, inner]) => ({
    name,
    schema: inner,
    required: required.includes(name),
  }));
}

function withProperties(schema: JsonObject, entries: [string, unknown][], required: unknown[]): JsonObject {
  const next: JsonObject = { ...schema, properties: Object.fromEntries(entries) };
  if (required.length > 0 || 'required' in schema) next.required = required;
  if (required.length === 0) delete next.required;
  return next;
}

function parts(schema: JsonObject): { entries: [string, unknown][]; required: unknown[] } {
  return {
    entries: isObject(schema.properties) ? Object.entries(schema.properties) : [],
    required: Array.isArray(schema.required) ? schema.required : [],
  };
}

export const EMPTY_SCHEMA: JsonObject = { type: 'object', properties: {}, additionalProperties: false };

/** A property with this name, or with a free one like it. */
export function addProperty(schema: JsonObject, wanted = 'argument', required = true): JsonObject {
  const { entries, required: now } = parts(schema);
  const taken = new Set(entries.map(([name]) => name));
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}_${count}`;
  return withProperties(schema, [...entries, [name, { type: 'string' }]], required ? [...now, name] : now);
}

/** Why a property cannot have this name. */
export function propertyNameProblem(name: string, others: readonly string[]): string | undefined {
  if (name === '') return 'A parameter needs a name.';
  return others.includes(name) ? 'This name is taken.' : undefined;
}

/** The same property under another name, in the same place. Nothing happens when the name is taken. */
export function renameProperty(schema: JsonObject, from: string, to: string): JsonObject {
  const { entries, required } = parts(schema);
  if (from === to || to === '' || entries.some(([name]) => name === to)) return schema;
  return withProperties(
    schema,
    entries.map(([name, inner]) => [name === from ? to : name, inner]),
    required.map((name) => (name === from ? to : name)),
  );
}

export function removeProperty(schema: JsonObject, name: string): JsonObject {
  const { entries, required } = parts(schema);
  return withProperties(
    schema,
    entries.filter(([one]) => one !== name),
    required.filter((one) => one !== name),
  );
}

export function replaceProperty(schema: JsonObject, name: string, inner: unknown): JsonObject {
  const { entries, required } = parts(schema);
  return withProperties(
    schema,
    entries.map(([one, old]) => [one, one === name ? inner : old]),
    required,
  );
}

export function setRequired(schema: JsonObject, name: string, on: boolean): JsonObject {
  const { entries, required } = parts(schema);
  const others = required.filter((one) => one !== name);
  return withProperties(schema, entries, on ? [...others, name] : others);
}

export function setKeyword(schema: unknown, key: string, value: unknown): JsonObject {
  const { [key]: _, ...rest } = isObject(schema) ? schema : {};
  if (value === undefined || value === '') return rest;
  return isObject(schema) && key in schema ? { ...schema, [key]: value } : { ...rest, [key]: value };
}

/** The keywords that only one kind of value has; they go when the type changes. */
const OF_TYPE: Record<SimpleType, readonly string[]> = {
  string: ['enum', 'default', 'minLength', 'maxLength', 'pattern', 'format'],
  integer: ['enum', 'default', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  number: ['enum', 'default', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  boolean: ['default'],
  array: ['default', 'items', 'minItems', 'maxItems', 'uniqueItems'],
  object: ['default', 'properties', 'required', 'additionalProperties'],
};

export function setType(schema: unknown, type: SimpleType): JsonObject {
  const before = fieldType(schema);
  let next: JsonObject = isObject(schema) ? { ...schema } : {};
  if (before !== 'other') {
    const stays = new Set(before === 'integer' && type === 'number' ? OF_TYPE.integer : []);
    for (const key of OF_TYPE[before]) if (!stays.has(key)) delete next[key];
  }
  next = { ...next, type: isNullable(schema) ? [type, 'null'] : type };
  if (type === 'array' && !('items' in next)) next.items = { type: 'string' };
  if (type === 'object' && !('properties' in next)) next.properties = {};
  return next;
}

export function setNullable(schema: unknown, on: boolean): JsonObject {
  const type = fieldType(schema);
  return type === 'other' || !isObject(schema)
    ? { ...(schema as JsonObject) }
    : { ...schema, type: on ? [type, 'null'] : type };
}

const SHOWN: Record<SimpleType, readonly string[]> = {
  string: ['enum', 'default', 'minLength', 'maxLength', 'pattern', 'format'],
  integer: ['enum', 'default', 'minimum', 'maximum'],
  number: ['enum', 'default', 'minimum', 'maximum'],
  boolean: ['default'],
  array: ['items', 'minItems', 'maxItems'],
  object: ['properties', 'required', 'additionalProperties'],
};

/** The members that the form does not show, and which stay as they are. */
export function keptKeywords(schema: unknown): string[] {
  if (!isObject(schema)) return [];
  const type = fieldType(schema);
  const shown = new Set(['type', 'description', ...(type === 'other' ? [] : SHOWN[type])]);
  return Object.keys(schema).filter((key) => !shown.has(key));
}

export type Parsed = { schema: JsonObject | null; problem?: undefined } | { problem: string };

/** The schema in an editor's text; no text is no schema. */
export function parseSchema(text: string): Parsed {
  if (text.trim() === '') return { schema: null };
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return { schema: value };
    return { problem: 'A schema of parameters is a JSON object: {"type": "object", ...}.' };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'This is not JSON.' };
  }
}

export function schemaText(schema: JsonObject | null | undefined): string {
  return schema ? JSON.stringify(schema, null, 2) : '';
}
