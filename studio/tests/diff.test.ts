import { describe, expect, it } from 'vitest';
import { diffLines, pretty } from '~/parts/diff';

describe('diffLines', () => {
  it('finds what was added and removed', () => {
    expect(diffLines('a\nb\nc', 'a\nc\nd')).toEqual([
      { kind: 'same', text: 'a' },
      { kind: 'removed', text: 'b' },
      { kind: 'same', text: 'c' },
      { kind: 'added', text: 'd' },
    ]);
  });

  it('has nothing to say of an empty text', () => {
    expect(diffLines('', '')).toEqual([]);
    expect(diffLines('', 'a')).toEqual([{ kind: 'added', text: 'a' }]);
  });
});

describe('pretty', () => {
  it('does not depend on the order of members', () => {
    expect(pretty({ b: 1, a: { d: 1, c: 2 } })).toBe(pretty({ a: { c: 2, d: 1 }, b: 1 }));
  });
});
