/*
 * JSONPaths (RFC 9535) that lead to one place: made from a click in an answer, and followed in it.
 * The server follows all of RFC 9535; what is not a way to one place is left to it.
 */

export type Step = string | number;

const SHORTHAND = /^[A-Za-z_\u0080-\uD7FF\uE000-\uFFFF][A-Za-z0-9_\u0080-\uD7FF\uE000-\uFFFF]*$/;

export function pathOf(steps: readonly Step[]): string {
  return `$${steps
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return SHORTHAND.test(step) ? `.${step}` : `[${quoted(step)}]`;
    })
    .join('')}`;
}

function quoted(name: string): string {
  const inside = JSON.stringify(name).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inside}'`;
}

const STEP =
  /^(?:\s*\.\s*([A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)|\s*\[\s*(-?\d+)\s*\]|\s*\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\s*\[\s*"((?:[^"\\]|\\.)*)"\s*\])/;

/** The steps of a path that leads to one place; `undefined` for all others. */
export function stepsOf(path: string): Step[] | undefined {
  let rest = path.trim();
  if (!rest.startsWith('$')) return undefined;
  rest = rest.slice(1);
  const steps: Step[] = [];
  while (rest !== '') {
    const found = STEP.exec(rest);
    if (!found) return undefined;
    const [all, name, index, single, double] = found;
    rest = rest.slice(all.length);
    if (name !== undefined) steps.push(name);
    else if (index !== undefined) steps.push(Number(index));
    else {
      const text = unquoted(single, double);
      if (text === undefined) return undefined;
      steps.push(text);
    }
  }
  return steps;
}

function unquoted(single: string | undefined, double: string | undefined): string | undefined {
  const inside = double ?? single?.replaceAll("\\'", "'").replaceAll(/(?<!\\)"/g, '\\"') ?? '';
  try {
    return JSON.parse(`"${inside}"`) as string;
  } catch {
    return undefined;
  }
}

export type Found = { kind: 'found'; value: unknown } | { kind: 'missing' } | { kind: 'unknown' };

export function valueAt(path: string, root: unknown): Found {
  const steps = stepsOf(path);
  if (!steps) return { kind: 'unknown' };
  let at: unknown = root;
  for (const step of steps) {
    if (typeof step === 'number') {
      const list: unknown[] = Array.isArray(at) ? at : [];
      const index = step < 0 ? list.length + step : step;
      if (index < 0 || index >= list.length) return { kind: 'missing' };
      at = list[index];
    } else {
      if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, step)) {
        return { kind: 'missing' };
      }
      at = (at as Record<string, unknown>)[step];
    }
  }
  return { kind: 'found', value: at };
}

/** A free name for a variable taken from there: the last name on the way. */
export function variableName(steps: readonly Step[], taken: readonly string[]): string {
  const last = [...steps].reverse().find((step) => typeof step === 'string');
  const base =
    (last === undefined ? 'answer' : String(last)).replaceAll(/[^A-Za-z0-9_-]+/g, '_').slice(0, 60) ||
    'value';
  const bad = new Set([...taken, 'call', 'conversation']);
  let name = base;
  for (let count = 2; bad.has(name); count++) name = `${base}_${count}`;
  return name;
}
