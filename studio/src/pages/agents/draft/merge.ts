import type { BindingValues, DraftValues, StateValues } from './model';
import { same } from './same';

/** A place that both people changed, each in their way. */
export interface Conflict {
  /** E.g. `Instructions`, `State billing`. */
  place: string;
}

export interface Merged {
  values: DraftValues;
  conflicts: Conflict[];
}

/**
 * My changes of `base` on top of somebody else's. What I did not touch is theirs; what we both changed is
 * mine, and is listed.
 */
export function mergeDrafts(base: DraftValues, mine: DraftValues, theirs: DraftValues): Merged {
  const conflicts: Conflict[] = [];
  function pick<T>(place: string, b: T, m: T, t: T): T {
    if (same(m, b) || same(m, t)) return t;
    if (!same(t, b)) conflicts.push({ place });
    return m;
  }
  const values: DraftValues = {
    instructions: pick('Instructions', base.instructions, mine.instructions, theirs.instructions),
    strict_states: pick('Strict states', base.strict_states, mine.strict_states, theirs.strict_states),
    go_to_state: pick('Tool go_to_state', base.go_to_state, mine.go_to_state, theirs.go_to_state),
    initial_state: pick('Initial state', base.initial_state, mine.initial_state, theirs.initial_state),
    states: mergeList<StateValues>(base.states, mine.states, theirs.states, {
      key: (state) => state.name,
      pick: (name, b, m, t) => pick(`State ${name}`, b, m, t),
    }),
    actions: mergeList<BindingValues>(base.actions, mine.actions, theirs.actions, {
      key: (binding) => binding.key,
      pick: (key, b, m, t) => {
        const chosen = pick(`Action ${key}`, b, m, t);
        // They removed what I changed: it comes back as a new binding, for its id is gone.
        if (!chosen || t || !chosen.id) return chosen;
        const { id: _, ...rest } = chosen;
        return rest;
      },
    }),
  };
  if (values.initial_state && !values.states.some((state) => state.name === values.initial_state)) {
    values.initial_state = null;
  }
  return { values, conflicts };
}

interface ListRules<T> {
  key: (one: T) => string;
  pick: (key: string, b: T | undefined, m: T | undefined, t: T | undefined) => T | undefined;
}

/** Theirs in their order, then what only I have. */
function mergeList<T>(
  base: readonly T[],
  mine: readonly T[],
  theirs: readonly T[],
  { key, pick }: ListRules<T>,
): T[] {
  const maps = [base, mine, theirs].map((list) => new Map(list.map((one) => [key(one), one])));
  const order = new Set([...theirs.map(key), ...mine.map(key)]);
  const merged: T[] = [];
  for (const name of order) {
    const chosen = pick(name, maps[0]?.get(name), maps[1]?.get(name), maps[2]?.get(name));
    if (chosen) merged.push(chosen);
  }
  const onlyMineMoved = same(theirs.map(key), base.map(key));
  if (!onlyMineMoved) return merged;
  const wanted = mine.map(key);
  return merged.sort((a, b) => place(wanted, key(a)) - place(wanted, key(b)));
}

function place(order: readonly string[], name: string): number {
  const at = order.indexOf(name);
  return at < 0 ? order.length : at;
}
