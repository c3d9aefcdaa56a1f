import { isObject, propertiesOf } from '~/parts/schema/schema';

export interface Request {
  method: string;
  path: string;
  bodyTemplate: string;
}

/** The names in `{...}` of a path, each once. */
export function placeholdersOf(path: string): string[] {
  const found = path.matchAll(/(?<!\{)\{([^{}/?#]+)\}(?!\})/g);
  return [...new Set([...found].map((one) => one[1] ?? ''))];
}

/** The places in the path that no parameter fills. */
export function unfilled(path: string, schema: unknown): string[] {
  const known = new Set(propertiesOf(schema).map((one) => one.name));
  return placeholdersOf(path).filter((name) => !known.has(name));
}

export function hasBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

/** Where an argument goes in the request, in words. */
export function placeOf(name: string, request: Request): string {
  if (placeholdersOf(request.path).includes(name)) return 'in the path';
  if (request.bodyTemplate.trim() !== '' && hasBody(request.method)) {
    const used = new RegExp(`\\bparameters(\\.|\\[["'])${name.replaceAll(/[^\w-]/g, '.')}\\b`).test(
      request.bodyTemplate,
    );
    return used ? 'in the body template' : 'not used by the body template';
  }
  return hasBody(request.method) ? 'in the JSON body' : 'in the query';
}

/** What a template may use, for completion. */
export function templateNames(
  schema: unknown,
  workspace: readonly string[],
  outputs: readonly string[],
): { label: string; detail: string }[] {
  const names = [
    ...parameterNames(schema, 'parameters', 3).map((label) => ({ label, detail: 'argument' })),
    { label: 'variables.call.from', detail: 'who calls' },
    { label: 'variables.call.to', detail: 'who is called' },
    { label: 'variables.conversation.id', detail: 'built in' },
    ...[...new Set(outputs)]
      .filter(Boolean)
      .map((name) => ({ label: member('variables', name), detail: 'output variable' })),
    ...workspace.map((name) => ({ label: member('workspace', name), detail: 'workspace variable' })),
  ];
  return names;
}

function parameterNames(schema: unknown, prefix: string, depth: number): string[] {
  if (depth === 0 || !isObject(schema)) return [];
  return propertiesOf(schema).flatMap((one) => {
    const name = member(prefix, one.name);
    return [name, ...parameterNames(one.schema, name, depth - 1)];
  });
}

function member(of: string, name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `${of}.${name}` : `${of}["${name}"]`;
}
