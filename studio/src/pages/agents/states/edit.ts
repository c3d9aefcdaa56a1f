import type { BindingValues, DraftValues, StateValues } from '../draft/model';

/** What changes of states do to everything that names them. All of these give new values. */

export function stateNameProblem(name: string, others: readonly string[]): string | undefined {
  if (!name) return 'A state needs a name.';
  if (name !== name.trim()) return 'A name does not start or end with a space.';
  if (others.includes(name)) return 'Another state has this name.';
  return undefined;
}

export function freeStateName(states: readonly StateValues[]): string {
  const names = new Set(states.map((state) => state.name));
  let count = states.length + 1;
  while (names.has(`state_${count}`)) count += 1;
  return `state_${count}`;
}

/** A new name, also where transitions, the initial state and actions name it. */
export function renameState(values: DraftValues, from: string, to: string): DraftValues {
  const swap = (name: string) => (name === from ? to : name);
  return {
    ...values,
    initial_state: values.initial_state === from ? to : values.initial_state,
    states: values.states.map((state) => ({
      ...state,
      name: swap(state.name),
      ...(state.transitions ? { transitions: state.transitions.map(swap) } : {}),
    })),
    actions: values.actions.map((binding) =>
      binding.allowed_states ? { ...binding, allowed_states: binding.allowed_states.map(swap) } : binding,
    ),
  };
}

/** Bindings that are callable in this state and in no other: without it they are callable nowhere. */
export function onlyAllowedIn(values: DraftValues, name: string): BindingValues[] {
  return values.actions.filter(
    (binding) =>
      binding.allowed_states?.includes(name) &&
      !binding.allowed_states.some(
        (other) => other !== name && values.states.some((state) => state.name === other),
      ),
  );
}

/**
 * Without the state. An action that was allowed here and elsewhere loses this place; one that was allowed
 * only here keeps the name, so that it does not become callable everywhere.
 */
export function removeState(values: DraftValues, name: string): DraftValues {
  const stuck = new Set(onlyAllowedIn(values, name).map((binding) => binding.key));
  return {
    ...values,
    initial_state: values.initial_state === name ? null : values.initial_state,
    states: values.states
      .filter((state) => state.name !== name)
      .map((state) =>
        state.transitions
          ? { ...state, transitions: state.transitions.filter((other) => other !== name) }
          : state,
      ),
    actions: values.actions.map((binding) =>
      binding.allowed_states?.includes(name) && !stuck.has(binding.key)
        ? { ...binding, allowed_states: binding.allowed_states.filter((other) => other !== name) }
        : binding,
    ),
  };
}

export function isAllowedIn(binding: BindingValues, state: string): boolean {
  return !binding.allowed_states?.length || binding.allowed_states.includes(state);
}

/** Allow or forbid a binding in one state. Undefined when the change would leave it no state at all. */
export function allowIn(
  binding: BindingValues,
  state: string,
  allowed: boolean,
  states: readonly string[],
): BindingValues | undefined {
  const now = binding.allowed_states?.length ? binding.allowed_states : [...states];
  const next = allowed ? [...new Set([...now, state])] : now.filter((other) => other !== state);
  if (next.length === 0) return undefined;
  const { allowed_states: _, ...rest } = binding;
  const everywhere =
    states.every((name) => next.includes(name)) && next.every((name) => states.includes(name));
  return everywhere ? rest : { ...rest, allowed_states: next };
}

/** Add or take away a transition. */
export function setTransition(state: StateValues, to: string, on: boolean): StateValues {
  const now = state.transitions ?? [];
  const transitions = on ? [...new Set([...now, to])] : now.filter((other) => other !== to);
  return { ...state, transitions };
}

/** Names that bindings or transitions use and no state has. */
export function unknownStates(values: DraftValues): string[] {
  const known = new Set(values.states.map((state) => state.name));
  const used = [
    ...values.actions.flatMap((binding) => binding.allowed_states ?? []),
    ...values.states.flatMap((state) => state.transitions ?? []),
  ];
  return [...new Set(used.filter((name) => !known.has(name)))];
}
