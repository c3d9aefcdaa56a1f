import { describe, expect, it } from 'vitest';
import type { BindingValues, DraftValues } from '~/pages/agents/draft/model';
import {
  allowIn,
  freeStateName,
  onlyAllowedIn,
  removeState,
  renameState,
  setTransition,
  stateNameProblem,
  unknownStates,
} from '~/pages/agents/states/edit';
import { layoutStates } from '~/pages/agents/states/layout';

const state = (name: string, transitions?: string[]) => ({
  name,
  description: '',
  instructions: '',
  ...(transitions ? { transitions } : {}),
});
const link = (key: string, allowed_states?: string[]): BindingValues => ({
  key,
  link: { action_id: `act_${key}` },
  ...(allowed_states ? { allowed_states } : {}),
});
const DRAFT: DraftValues = {
  instructions: '',
  strict_states: true,
  go_to_state: false,
  initial_state: 'a',
  states: [state('a', ['b']), state('b', ['a', 'c']), state('c')],
  actions: [link('every'), link('only_b', ['b']), link('a_and_b', ['a', 'b'])],
};

describe('renaming a state', () => {
  it('renames it everywhere', () => {
    const next = renameState(DRAFT, 'b', 'z');
    expect(next.states.map((one) => one.name)).toEqual(['a', 'z', 'c']);
    expect(next.states[0]?.transitions).toEqual(['z']);
    expect(next.actions.map((one) => one.allowed_states)).toEqual([undefined, ['z'], ['a', 'z']]);
    expect(renameState(DRAFT, 'a', 'z').initial_state).toBe('z');
  });

  it('says what is wrong with a name', () => {
    expect(stateNameProblem('b', ['a'])).toBeUndefined();
    expect(stateNameProblem('a', ['a'])).toContain('Another state');
    expect(stateNameProblem(' a', [])).toContain('space');
    expect(freeStateName([state('state_2')])).toBe('state_3');
  });
});

describe('removing a state', () => {
  it('never makes an action callable everywhere', () => {
    expect(onlyAllowedIn(DRAFT, 'b').map((one) => one.key)).toEqual(['only_b']);
    const next = removeState(DRAFT, 'b');
    expect(next.actions.map((one) => one.allowed_states)).toEqual([undefined, ['b'], ['a']]);
    expect(next.states.map((one) => one.transitions)).toEqual([[], undefined]);
    expect(unknownStates(next)).toEqual(['b']);
  });

  it('takes the initial state away with it', () => {
    expect(removeState(DRAFT, 'a').initial_state).toBeNull();
  });
});

describe('allowing an action in a state', () => {
  const all = ['a', 'b', 'c'];

  it('forbidding one of all leaves the others', () => {
    expect(allowIn(link('x'), 'b', false, all)?.allowed_states).toEqual(['a', 'c']);
  });

  it('allowing the last one again is every state', () => {
    expect(allowIn(link('x', ['a', 'c']), 'b', true, all)?.allowed_states).toBeUndefined();
  });

  it('the only one cannot be taken away', () => {
    expect(allowIn(link('x', ['b']), 'b', false, all)).toBeUndefined();
  });
});

describe('the graph', () => {
  it('stands in columns by steps from the initial state', () => {
    const places = layoutStates(DRAFT.states, 'a');
    const columns = ['a', 'b', 'c'].map((name) => (places.get(name)?.x ?? -1) / 250);
    expect(columns).toEqual([0, 1, 2]);
  });

  it('stands in a grid without transitions', () => {
    const places = layoutStates(
      ['a', 'b', 'c', 'd'].map((name) => state(name)),
      null,
    );
    expect(new Set([...places.values()].map(({ x, y }) => `${x}/${y}`)).size).toBe(4);
    expect(places.get('d')).toEqual({ x: 0, y: 110 });
  });

  it('a transition is added once', () => {
    expect(setTransition(state('a'), 'b', true).transitions).toEqual(['b']);
    expect(setTransition(state('a', ['b']), 'b', true).transitions).toEqual(['b']);
    expect(setTransition(state('a', ['b']), 'b', false).transitions).toEqual([]);
  });
});
