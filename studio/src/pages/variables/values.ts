import { ENVIRONMENTS, type Environment } from '~/parts/environments';

export type Kind = 'text' | 'number' | 'boolean' | 'json';
export type Typed = Record<Environment, string>;

/** The kind of field that can show all of a variable's values as they are. */
export function kindOf(values: Partial<Record<Environment, unknown>>): Kind {
  const present = ENVIRONMENTS.map((one) => values[one]).filter(
    (value) => value !== undefined && value !== null,
  );
  if (present.every((value) => typeof value === 'string')) return 'text';
  if (present.every((value) => typeof value === 'number')) return 'number';
  if (present.every((value) => typeof value === 'boolean')) return 'boolean';
  return 'json';
}

export function textOf(value: unknown, kind: Kind): string {
  if (value === undefined || value === null) return '';
  return kind === 'text' && typeof value === 'string' ? value : JSON.stringify(value);
}

/** What was typed, as the kind says; empty is no value (null takes one back). Throws what is wrong. */
export function parsed(text: string, kind: Kind): unknown {
  if (text.trim() === '') return null;
  if (kind === 'text') return text;
  if (kind === 'number') {
    const number = Number(text);
    if (!Number.isFinite(number)) throw new Error('Not a number.');
    return number;
  }
  if (kind === 'boolean') return text === 'true';
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error('Not JSON. Put text in double quotes, as in "north".');
  }
}
