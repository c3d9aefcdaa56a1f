import { describe, expect, it } from 'vitest';
import {
  lacksDays,
  type Retention,
  retentionForm,
  retentionOfAgent,
  retentionOfWorkspace,
  retentionWords,
} from '~/parts/retention';

describe('for how long events are kept', () => {
  it('comes back from a form as it was', () => {
    const all: Retention[] = [null, 'forever', 30];
    for (const one of all) expect(retentionOfAgent(retentionForm(one, 'workspace'))).toBe(one);
    for (const one of [null, 30]) expect(retentionOfWorkspace(retentionForm(one, 'forever'))).toBe(one);
  });

  it('is not saved without its number', () => {
    expect(lacksDays({ kept: 'days', days: '' })).toBe(true);
    expect(lacksDays({ kept: 'days', days: 7 })).toBe(false);
    expect(lacksDays({ kept: 'forever', days: '' })).toBe(false);
  });

  it('is forgotten where another choice is made', () => {
    expect(retentionOfWorkspace({ kept: 'forever', days: 7 })).toBeNull();
    expect(retentionOfAgent({ kept: 'workspace', days: 7 })).toBeNull();
  });

  it('is said in words', () => {
    expect([null, 1, 3650].map(retentionWords)).toEqual(['for ever', 'for 1 day', 'for 3,650 days']);
  });
});
