import { describe, expect, it } from 'vitest';
import { can } from '~/api/session';
import { matches, searched } from '~/parts/SearchField';
import { oneOf, text } from '~/search';

describe('what stands in the address', () => {
  it('is kept when it is known', () => {
    expect(text({ q: 'bill' }, 'q')).toEqual({ q: 'bill' });
    expect(text({ q: 12 }, 'q')).toEqual({ q: '12' });
    expect(oneOf({ tab: 'usage' }, 'tab', ['actions', 'usage'])).toEqual({ tab: 'usage' });
  });

  it('is dropped when it is not', () => {
    expect(text({ q: { a: 1 } }, 'q')).toEqual({});
    expect(oneOf({ tab: 'nonsense' }, 'tab', ['actions', 'usage'])).toEqual({});
  });
});

describe('matches', () => {
  it('wants every word, anywhere', () => {
    expect(matches('bill pay', 'Pays a bill')).toBe(true);
    expect(matches('bill refund', 'Pays a bill')).toBe(false);
    expect(matches(undefined, 'anything')).toBe(true);
  });
});

describe('searched', () => {
  it('asks for all where nothing is searched for', () => {
    expect(searched(undefined)).toEqual({});
    expect(searched('  ')).toEqual({});
    expect(searched('ada@example.com')).toEqual({ q: 'ada@example.com' });
  });

  it('asks for no more than the server takes', () => {
    expect(searched('x'.repeat(300)).q).toHaveLength(200);
  });
});

describe('roles', () => {
  it('a viewer changes and calls nothing', () => {
    expect(can('viewer', 'edit')).toBe(false);
    expect(can('viewer', 'call')).toBe(false);
    expect(can('editor', 'call')).toBe(true);
    expect(can('editor', 'admin')).toBe(false);
    expect(can('admin', 'own')).toBe(false);
    expect(can('owner', 'own')).toBe(true);
  });
});
