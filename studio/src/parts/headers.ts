import type { ValueSource } from './ValueInput';

export interface HeaderRow {
  key: string;
  name: string;
  value: ValueSource;
}

/** Forms outlive a reload, so keys of another load must not come again. */
const LOAD = Date.now().toString(36);
let count = 0;

export function newHeaderRow(name = '', value: ValueSource = ''): HeaderRow {
  count += 1;
  return { key: `row${LOAD}-${count}`, name, value };
}

/** Headers in a form are rows, so that a name can be typed letter by letter. */
export function rowsOfHeaders(headers: Record<string, ValueSource> | null | undefined): HeaderRow[] {
  return Object.entries(headers ?? {}).map(([name, value]) => newHeaderRow(name, value));
}

export function headersOfRows(rows: readonly HeaderRow[]): Record<string, ValueSource> {
  return Object.fromEntries(rows.filter((row) => row.name.trim()).map((row) => [row.name.trim(), row.value]));
}

/** `/` and `~` in a JSON pointer. */
export function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
