import type { Document, OperationObject } from '~/api/document';
import { matches } from '~/parts/SearchField';

/** An operation of the API with where it is. */
export interface Operation extends OperationObject {
  method: string;
  path: string;
  /** The first sentence of the summary, as a heading. */
  title: string;
  /** What the summary and the description say besides. */
  more: string;
  /** Who may ask: names of security schemes; empty when anybody may. */
  access: string[];
}

export interface Group {
  tag: string;
  operations: Operation[];
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** All operations, in the order of the document's paths. */
export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (!operation) return [];
      const security = operation.security ?? document.security ?? [];
      const { title, more } = headed(operation);
      const access = [...new Set(security.flatMap((one) => Object.keys(one)))];
      return [{ ...operation, method: method.toUpperCase(), path, title, more, access }];
    }),
  );
}

function headed({ summary, description, operationId }: OperationObject): { title: string; more: string } {
  const [, title = operationId, rest = ''] = /^(.+?)(?:\.(?:\s+(.*))?)?$/s.exec(summary ?? '') ?? [];
  return { title, more: [rest, description].filter(Boolean).join('\n\n') };
}

/** Those that have all words of a search, by their tags. */
export function grouped(operations: Operation[], query: string): Group[] {
  const groups = new Map<string, Operation[]>();
  for (const operation of operations) {
    const { method, path, operationId, title, more, tags } = operation;
    if (
      !matches(
        query,
        method,
        path,
        operationId,
        operationId.replaceAll('_', ' '),
        title,
        more,
        ...(tags ?? []),
      )
    )
      continue;
    const tag = tags?.[0] ?? 'other';
    groups.set(tag, [...(groups.get(tag) ?? []), operation]);
  }
  return [...groups]
    .map(([tag, found]) => ({ tag, operations: found }))
    .sort((a, b) => a.tag.localeCompare(b.tag));
}

/** What the reference shows, by the part of the address after the `#`. */
export type Place =
  | { at: 'start' }
  | { at: 'errors' }
  | { at: 'operation'; operationId: string }
  | { at: 'error'; code: string };

export function placeOf(hash: string): Place {
  const [, kind, name] = hash.replace(/^#/, '').split('/');
  if (kind === 'operations' && name) return { at: 'operation', operationId: decodeURIComponent(name) };
  if (kind === 'errors') return name ? { at: 'error', code: decodeURIComponent(name) } : { at: 'errors' };
  return { at: 'start' };
}
