import { type BindingValues, bindingInput, type DraftValues } from './model';
import { same } from './same';

export interface Difference {
  title: string;
  change: 'added' | 'removed' | 'changed';
  before: unknown;
  after: unknown;
}

/** What is different between two drafts, in the order of the tabs. */
export function differencesOf(
  before: DraftValues,
  after: DraftValues,
  names: ReadonlyMap<string, string>,
): Difference[] {
  const found: Difference[] = [];
  const compare = (title: string, a: unknown, b: unknown) => {
    if (same(a, b)) return;
    const change = a === undefined ? 'added' : b === undefined ? 'removed' : 'changed';
    found.push({ title, change, before: a, after: b });
  };
  const text = (title: string, a: unknown, b: unknown) => {
    if (!same(a, b)) found.push({ title, change: 'changed', before: a, after: b });
  };
  text('Instructions', before.instructions, after.instructions);
  text('Initial state', before.initial_state ?? 'none', after.initial_state ?? 'none');
  text('Strict states', onOff(before.strict_states), onOff(after.strict_states));
  text('Tool go_to_state', onOff(before.go_to_state), onOff(after.go_to_state));
  const states = (values: DraftValues) => new Map(values.states.map((state) => [state.name, state]));
  for (const [name, [a, b]] of both(states(before), states(after))) compare(`State ${name}`, a, b);
  const order = (values: DraftValues) => values.states.map((state) => state.name);
  if (same([...order(before)].sort(), [...order(after)].sort())) {
    text('Order of the states', order(before).join('\n'), order(after).join('\n'));
  }
  const actions = (values: DraftValues) => new Map(values.actions.map((one) => [one.key, one]));
  for (const [key, [a, b]] of both(actions(before), actions(after))) {
    const binding = b ?? a;
    const name = binding ? nameOf(binding, names) : key;
    compare(`Action ${name}`, shown(a), shown(b));
  }
  return found;
}

export function nameOf(binding: BindingValues, names: ReadonlyMap<string, string>): string {
  const id = binding.link?.action_id;
  if (id === undefined) return binding.action?.name || 'unnamed';
  // While its name is still being read, the end of its id.
  return names.get(id) ?? `…${id.slice(-6)}`;
}

function shown(binding: BindingValues | undefined): unknown {
  if (!binding) return undefined;
  const { id: _, ...rest } = bindingInput(binding);
  return rest;
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off';
}

function both<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): Map<string, [T | undefined, T | undefined]> {
  const names = new Set([...after.keys(), ...before.keys()]);
  return new Map([...names].map((name) => [name, [before.get(name), after.get(name)]]));
}
