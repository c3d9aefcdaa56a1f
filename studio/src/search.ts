/** What stands behind the `?` of an address, before it was checked. */
export type Search = Record<string, unknown>;

/** `{key: text}` if the address has it, else nothing: `...text(search, 'q')`. */
export function text<K extends string>(search: Search, key: K): { [P in K]?: string } {
  const value = search[key];
  const known = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  return (known ? { [key]: known } : {}) as { [P in K]?: string };
}

/** The same for one of a few words. Anything else is dropped. */
export function oneOf<K extends string, const V extends string>(
  search: Search,
  key: K,
  values: readonly V[],
): { [P in K]?: V } {
  const value = values.find((one) => one === search[key]);
  return (value ? { [key]: value } : {}) as { [P in K]?: V };
}
