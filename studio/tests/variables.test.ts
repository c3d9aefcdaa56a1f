import { describe, expect, it } from 'vitest';
import { operationWords } from '~/pages/audit/words';
import { kindOf, parsed, textOf } from '~/pages/variables/values';
import { relativeWords } from '~/parts/time';

describe('values of variables', () => {
  it('are shown in the simplest field that fits all of them', () => {
    expect(kindOf({})).toBe('text');
    expect(kindOf({ production: 'a', staging: 'b' })).toBe('text');
    expect(kindOf({ production: 1 })).toBe('number');
    expect(kindOf({ production: true })).toBe('boolean');
    expect(kindOf({ production: 1, staging: 'b' })).toBe('json');
  });

  it('come back as they were', () => {
    for (const value of ['north', 12.5, true, { a: [1] }]) {
      const kind = kindOf({ production: value });
      expect(parsed(textOf(value, kind), kind)).toEqual(value);
    }
    expect(parsed('', 'text')).toBeNull();
    expect(() => parsed('12x', 'number')).toThrow('Not a number');
    expect(() => parsed('north', 'json')).toThrow('Not JSON');
  });
});

describe('words', () => {
  it('say when', () => {
    const now = new Date('2026-01-02T00:00:00Z');
    expect(relativeWords(new Date('2026-01-01T23:59:57Z'), now)).toBe('just now');
    expect(relativeWords(new Date('2026-01-01T22:00:00Z'), now)).toBe('2 hours ago');
    expect(relativeWords(new Date('2026-01-09T00:00:00Z'), now, 'future')).toBe('next week');
  });

  it('say what was done', () => {
    expect(operationWords('integration.update', 'integration')).toBe('changed the integration');
    expect(operationWords('draft.update', 'agent')).toBe('changed the draft of the agent');
    expect(operationWords('api_key.revoke', 'api_key')).toBe('revoked the API key');
  });
});
