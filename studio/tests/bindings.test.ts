import { describe, expect, it } from 'vitest';
import { pathUnder } from '~/pages/agents/actions/promote';
import { freeName, gateWords, nameProblem, overridden } from '~/pages/agents/actions/words';
import { byWeight, countWords, whereWords } from '~/pages/agents/changes/words';

describe('what a binding says of itself', () => {
  const binding = {
    key: 'bnd_1',
    link: { action_id: 'act_1' },
    body_template: '',
    phases: ['in_call' as const],
    max_successful_calls: 1,
    allowed_states: ['billing'],
  };

  it('which fields are overridden', () => {
    expect(overridden(binding)).toEqual(['body', 'phases', 'max successful calls', 'allowed states']);
    expect(overridden({ key: 'bnd_2' })).toEqual([]);
  });

  it('when it may be called', () => {
    expect(gateWords(binding, true)).toEqual(['only in the call', 'once', 'in billing']);
    expect(gateWords(binding, false)).toContain('in billing (not applied)');
    expect(gateWords({ key: 'bnd_2' }, true)).toEqual([]);
  });
});

describe('names of actions', () => {
  it('are checked as the server checks them', () => {
    expect(nameProblem('get_account', [])).toBeUndefined();
    expect(nameProblem('get account', [])).toContain('letters');
    expect(nameProblem('', [])).toContain('letters');
    expect(nameProblem('a', ['a'])).toContain('Another action');
  });

  it('are made free', () => {
    expect(freeName('handover', [])).toBe('handover');
    expect(freeName('handover', ['handover', 'handover_2'])).toBe('handover_3');
  });
});

describe('promoting', () => {
  const integration = {
    environments: {
      production: { base_url: 'https://api.example.com/v1/' },
      staging: { base_url: 'https://staging.example.com' },
    },
  };

  it('finds the path under a base URL', () => {
    expect(pathUnder('https://api.example.com/v1/rates/{currency}', integration)).toBe('/rates/{currency}');
    expect(pathUnder('https://staging.example.com?x=1', integration)).toBe('/?x=1');
    expect(pathUnder('https://api.example.com/v10/rates', integration)).toBeUndefined();
    expect(pathUnder('https://other.example.com/rates', integration)).toBeUndefined();
  });
});

describe('changes of linked actions', () => {
  const changes = [
    { class: 'cosmetic' as const },
    { class: 'breaking' as const },
    { class: 'risky' as const },
  ];

  it('what breaks comes first', () => {
    expect(byWeight(changes).map((one) => one.class)).toEqual(['breaking', 'risky', 'cosmetic']);
    expect(countWords([...changes, { class: 'breaking' as const }])).toBe('2 breaking, 1 risky, 1 cosmetic');
  });

  it('says where it is mentioned', () => {
    expect(whereWords('/instructions')).toBe('the instructions');
    expect(whereWords('/states/2/instructions')).toBe('instructions of state 3');
  });
});
