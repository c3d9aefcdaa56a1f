import { fieldType, isObject, type JsonObject, propertiesOf } from './schema';

/** A schema with its local `$ref` followed, as far as a form needs it. */
export function resolve(schema: unknown, root: unknown, depth = 8): unknown {
  if (!isObject(schema) || typeof schema.$ref !== 'string' || depth === 0) return schema;
  if (!schema.$ref.startsWith('#/')) return schema;
  let at: unknown = root;
  for (const part of schema.$ref.slice(2).split('/')) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    at = isObject(at) ? at[key] : undefined;
  }
  if (!isObject(at)) return schema;
  const { $ref: _, ...beside } = schema;
  return resolve({ ...at, ...beside }, root, depth - 1);
}

/** What a form of arguments starts with: the defaults of the schema. */
export function startingArguments(schema: unknown, root: unknown = schema): JsonObject {
  const start: JsonObject = {};
  for (const { name, schema: given, required } of propertiesOf(schema)) {
    const inner = resolve(given, root);
    if (!isObject(inner)) continue;
    if ('default' in inner) start[name] = inner.default;
    else if (required && fieldType(inner) === 'object') start[name] = startingArguments(inner, root);
  }
  return start;
}

/** The value with this member set; `undefined` takes it out. */
export function withMember(value: unknown, name: string, inner: unknown): JsonObject {
  const now = isObject(value) ? value : {};
  if (inner === undefined) {
    const { [name]: _, ...rest } = now;
    return rest;
  }
  return { ...now, [name]: inner };
}

/** A number somebody types; `undefined` for nothing, the text itself while it is no number. */
export function numberOf(text: string): number | string | undefined {
  if (text.trim() === '') return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

/** The values of an `enum`, if they are all text or numbers. */
export function choicesOf(schema: unknown): (string | number)[] | undefined {
  if (!isObject(schema) || !Array.isArray(schema.enum) || schema.enum.length === 0) return undefined;
  const values = schema.enum.filter((one) => typeof one === 'string' || typeof one === 'number');
  return values.length === schema.enum.length ? values : undefined;
}
