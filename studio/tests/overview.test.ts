import { describe, expect, it } from 'vitest';
import { boundsOf } from '~/pages/overview/range';
import { roomWords } from '~/pages/overview/room';
import { linesOf, marksOf, percent, sliceOf } from '~/pages/overview/scale';

describe('the overview', () => {
  it.each([
    [0, [0, 1]],
    [3, [0, 1, 2, 3]],
    [10, [0, 5, 10]],
    [97, [0, 50, 100]],
    [4200, [0, 2000, 4000, 6000]],
  ])('marks an axis up to %d', (greatest, marks) => expect(marksOf(greatest)).toEqual(marks));
  it('says how much room the database takes', () => {
    const words = [
      { bytes: 12.34 * 2 ** 20, free_bytes: 2 ** 20 },
      { bytes: 5 * 2 ** 30, free_bytes: null },
    ].map(roomWords);
    expect(words).toEqual([
      'The database takes 12.3 MiB, of which 1.0 MiB are free.',
      'The database takes 5.0 GiB.',
    ]);
  });
  it('ends now, to the minute', () => {
    expect(boundsOf('1h', Date.UTC(2026, 0, 1, 12, 0, 30))).toEqual({
      from: '2026-01-01T11:01:00.000Z',
      to: '2026-01-01T12:01:00.000Z',
    });
  });
  it('counts failed calls among the calls, and refused ones beside them', () => {
    expect(sliceOf({ at: '', calls: 10, failed: 3, refused: 2, p50_ms: null, p95_ms: null })).toMatchObject({
      succeeded: 7,
      failed: 3,
      refused: 2,
    });
  });
  it('breaks a line where there is nothing', () => {
    expect(linesOf([1, null, null, 2, 3])).toEqual([
      [[0, 1]],
      [
        [3, 2],
        [4, 3],
      ],
    ]);
    expect(linesOf([null])).toEqual([]);
  });
  it('says a share', () => {
    expect([percent(0, 0), percent(1, 3), percent(1, 100_000), percent(50, 100)]).toEqual([
      '–',
      '33 %',
      '< 0.1 %',
      '50 %',
    ]);
  });
});
