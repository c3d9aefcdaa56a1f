import type { Schemas } from '~/api/client';
import { type HeaderRow, headersOfRows, rowsOfHeaders } from '~/parts/headers';
import { type JsonObject, parseSchema, schemaText } from '~/parts/schema/schema';

export type Action = Schemas['Action'];
export type Kind = 'custom_api' | 'mcp_server' | 'messaging_channel';

export interface OutputRow {
  key: string;
  name: string;
  path: string;
}

/** What the form of a shared action holds, of whichever kind. */
export interface ActionValues {
  name: string;
  description: string;
  method: Schemas['Method'];
  path: string;
  headers: HeaderRow[];
  /** The schema as it is written in the editor. */
  parameters: string;
  bodyTemplate: string;
  outputs: OutputRow[];
  timeout: string;
  recipient: string;
  messageTemplate: string;
}

/** Forms outlive a reload, so keys of another load must not come again. */
const LOAD = Date.now().toString(36);
let count = 0;

export function outputRow(name = '', path = '$.'): OutputRow {
  count += 1;
  return { key: `out${LOAD}-${count}`, name, path };
}

export function valuesOf(action: Action): ActionValues {
  return {
    name: action.name,
    description: action.description,
    method: action.method ?? 'GET',
    path: action.path ?? '',
    headers: rowsOfHeaders(action.headers),
    parameters: schemaText(action.parameters),
    bodyTemplate: action.body_template ?? '',
    outputs: (action.output_variables ?? []).map((one) => outputRow(one.name, one.path)),
    timeout: action.timeout_ms == null ? '' : String(action.timeout_ms),
    recipient: action.recipient ?? 'contact',
    messageTemplate: action.message_template ?? '',
  };
}

export function emptyValues(kind: Kind): ActionValues {
  return {
    name: '',
    description: '',
    method: 'GET',
    path: '/',
    headers: [],
    parameters:
      kind === 'custom_api'
        ? schemaText({ type: 'object', properties: {}, additionalProperties: false })
        : '',
    bodyTemplate: '',
    outputs: [],
    timeout: '',
    recipient: 'contact',
    messageTemplate: '',
  };
}

const FIELDS: Record<Kind, readonly string[]> = {
  custom_api: [
    'name',
    'description',
    'method',
    'path',
    'headers',
    'parameters',
    'body_template',
    'output_variables',
    'timeout_ms',
  ],
  mcp_server: ['output_variables', 'timeout_ms'],
  messaging_channel: ['name', 'description', 'recipient', 'message_template', 'parameters'],
};

export type Input = { body: JsonObject; problem?: undefined } | { problem: string; pointer: string };

/** What is sent for these values, all fields of the kind; or what is wrong before anything is sent. */
export function inputOf(kind: Kind, values: ActionValues): Input {
  const parsed = parseSchema(values.parameters);
  if (parsed.problem !== undefined) return { problem: parsed.problem, pointer: '/parameters' };
  const timeout = values.timeout.trim();
  if (timeout !== '' && !/^\d+$/.test(timeout)) {
    return { problem: 'The timeout is a whole number of milliseconds.', pointer: '/timeout_ms' };
  }
  const all: JsonObject = {
    name: values.name.trim(),
    description: values.description,
    method: values.method,
    path: values.path.trim(),
    headers: headersOfRows(values.headers),
    parameters: parsed.schema,
    body_template: values.bodyTemplate.trim() === '' ? null : values.bodyTemplate,
    output_variables: values.outputs.map(({ name, path }) => ({ name: name.trim(), path: path.trim() })),
    timeout_ms: timeout === '' ? null : Number(timeout),
    recipient: values.recipient.trim(),
    message_template: values.messageTemplate.trim() === '' ? null : values.messageTemplate,
  };
  return { body: Object.fromEntries(FIELDS[kind].map((field) => [field, all[field]])) };
}

/** The fields that differ between the action as it was read and what is sent. */
export function changedFields(base: JsonObject, body: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(body).filter(
      ([field, value]) => JSON.stringify(value ?? null) !== JSON.stringify(base[field] ?? null),
    ),
  );
}

export interface FieldConflict {
  field: string;
  before: unknown;
  theirs: unknown;
  /** Mine, where I changed it too. */
  mine?: unknown;
}

/** What somebody else changed since I read it, and where that meets what I changed. */
export function conflictsOf(
  kind: Kind,
  base: JsonObject,
  theirs: JsonObject,
  changes: JsonObject,
): FieldConflict[] {
  return FIELDS[kind]
    .filter((field) => JSON.stringify(base[field] ?? null) !== JSON.stringify(theirs[field] ?? null))
    .map((field) => ({
      field,
      before: base[field],
      theirs: theirs[field],
      ...(field in changes ? { mine: changes[field] } : {}),
    }));
}
