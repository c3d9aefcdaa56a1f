import type { StateValues } from '../draft/model';

export interface Place {
  x: number;
  y: number;
}

const COLUMN = 250;
const ROW = 110;

/**
 * Where the states stand in the graph: in columns by how many steps they are from the initial state, what
 * cannot be reached at the end. The same states always stand in the same places.
 */
export function layoutStates(states: readonly StateValues[], initial: string | null): Map<string, Place> {
  const byName = new Map(states.map((state) => [state.name, state]));
  const column = new Map<string, number>();
  let front = [initial !== null && byName.has(initial) ? initial : (states[0]?.name ?? '')];
  for (let depth = 0; front.length > 0; depth++) {
    const next: string[] = [];
    for (const name of front) {
      if (!byName.has(name) || column.has(name)) continue;
      column.set(name, depth);
      next.push(...(byName.get(name)?.transitions ?? []));
    }
    front = next;
  }
  const widest = Math.max(0, ...column.values());
  const loose = states.filter((state) => !column.has(state.name));
  // Without any transition all would be "not reached": then they stand in rows of three.
  const inGrid = loose.length > 0 && column.size === 1;
  const places = new Map<string, Place>();
  const filled = new Map<number, number>();
  for (const [index, state] of states.entries()) {
    if (inGrid) {
      places.set(state.name, { x: (index % 3) * COLUMN, y: Math.floor(index / 3) * ROW });
      continue;
    }
    const at = column.get(state.name) ?? widest + 1;
    const row = filled.get(at) ?? 0;
    filled.set(at, row + 1);
    places.set(state.name, { x: at * COLUMN, y: row * ROW });
  }
  return places;
}
