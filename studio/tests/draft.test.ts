import { describe, expect, it } from 'vitest';
import { differencesOf } from '~/pages/agents/draft/differences';
import { mergeDrafts } from '~/pages/agents/draft/merge';
import {
  type ApiDocument,
  bindingInput,
  type DraftValues,
  givenIds,
  inputOf,
  valuesOf,
  withIds,
} from '~/pages/agents/draft/model';
import { same } from '~/pages/agents/draft/same';

const DOCUMENT: ApiDocument = {
  instructions: 'Be kind.',
  strict_states: true,
  initial_state: 'greeting',
  states: [
    { name: 'greeting', description: '', instructions: '', transitions: ['billing'] },
    { name: 'billing', description: '', instructions: '' },
  ],
  actions: [
    {
      id: 'bnd_1',
      link: { action_id: 'act_1', integration_id: 'int_1' },
      overrides: { max_successful_calls: 1, allowed_states: ['billing'], body_template: '{}' },
    },
    {
      id: 'bnd_2',
      action: { kind: 'api_call', name: 'rates', method: 'GET', url: 'https://rates.example' },
      phases: ['in_call'],
    },
  ],
};
const BASE = valuesOf(DOCUMENT);
const edit = (patch: Partial<DraftValues>): DraftValues => ({ ...BASE, ...patch });

describe('values of a draft', () => {
  it('go back as they came', () => {
    expect(BASE.actions.map(bindingInput)).toEqual(DOCUMENT.actions);
    expect(same(inputOf(BASE), DOCUMENT)).toBe(true);
    expect(inputOf({ ...BASE, go_to_state: true })).toMatchObject({ go_to_state: true });
  });

  it('get the ids that the server gave', () => {
    const sent = edit({ actions: [...BASE.actions, { key: 'new-1', link: { action_id: 'act_2' } }] });
    const got: ApiDocument = {
      ...DOCUMENT,
      actions: [
        ...DOCUMENT.actions,
        { id: 'bnd_3', link: { action_id: 'act_2', integration_id: 'int_1' }, overrides: {} },
      ],
    };
    const given = givenIds(sent, got);
    expect(given).toEqual({ 'new-1': 'bnd_3' });
    expect(withIds(sent, given).actions[2]).toMatchObject({ key: 'bnd_3', id: 'bnd_3' });
  });
});

describe('two people on one draft', () => {
  it('both keep what only they changed', () => {
    const mine = edit({ instructions: 'Be brief.' });
    const theirs = edit({ strict_states: false, actions: BASE.actions.slice(0, 1) });
    const { values, conflicts } = mergeDrafts(BASE, mine, theirs);
    expect(conflicts).toEqual([]);
    expect(values).toMatchObject({ instructions: 'Be brief.', strict_states: false });
    expect(values.actions.map((one) => one.key)).toEqual(['bnd_1']);
  });

  it('what both changed is mine and is named', () => {
    const mine = edit({ instructions: 'Be brief.' });
    const theirs = edit({ instructions: 'Be long.' });
    const { values, conflicts } = mergeDrafts(BASE, mine, theirs);
    expect(values.instructions).toBe('Be brief.');
    expect(conflicts).toEqual([{ place: 'Instructions' }]);
  });

  it('the same change of both is none', () => {
    const both = edit({ instructions: 'Be brief.' });
    expect(mergeDrafts(BASE, both, both).conflicts).toEqual([]);
  });

  it('what I changed and they removed comes back as new', () => {
    const [first, second] = BASE.actions;
    if (!first || !second) throw new Error('there are two');
    const mine = edit({ actions: [{ ...first, max_successful_calls: 5 }, second] });
    const theirs = edit({ actions: [second] });
    const { values, conflicts } = mergeDrafts(BASE, mine, theirs);
    const kept = values.actions.find((one) => one.key === 'bnd_1');
    expect(kept?.max_successful_calls).toBe(5);
    expect(kept?.id).toBeUndefined();
    expect(conflicts).toHaveLength(1);
  });

  it('what I removed stays away, and what they added is there', () => {
    const added = { name: 'goodbye', description: '', instructions: '' };
    const mine = edit({ actions: [] });
    const theirs = edit({ states: [...BASE.states, added] });
    const { values } = mergeDrafts(BASE, mine, theirs);
    expect(values.actions).toEqual([]);
    expect(values.states.map((one) => one.name)).toEqual(['greeting', 'billing', 'goodbye']);
  });

  it('an order that only I changed is kept', () => {
    const mine = edit({ states: [...BASE.states].reverse() });
    const theirs = edit({ instructions: 'Be brief.' });
    const { values } = mergeDrafts(BASE, mine, theirs);
    expect(values.states.map((one) => one.name)).toEqual(['billing', 'greeting']);
  });

  it('an initial state that is gone is none', () => {
    const mine = edit({ initial_state: 'billing' });
    const theirs = edit({ states: BASE.states.slice(0, 1) });
    expect(mergeDrafts(BASE, mine, theirs).values.initial_state).toBeNull();
  });
});

describe('differences', () => {
  const names = new Map([['act_1', 'get_account']]);

  it('are named part by part', () => {
    const after = edit({ instructions: 'Be brief.', actions: BASE.actions.slice(1) });
    expect(differencesOf(BASE, after, names).map(({ title, change }) => [title, change])).toEqual([
      ['Instructions', 'changed'],
      ['Action get_account', 'removed'],
    ]);
  });

  it('are none between the same', () => {
    expect(differencesOf(BASE, valuesOf(structuredClone(DOCUMENT)), names)).toEqual([]);
  });
});
