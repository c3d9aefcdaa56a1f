import { describe, expect, it, vi } from 'vitest';
import { together } from '~/api/one';
import { problemOf } from '~/api/problem';

describe('things that are read by their ids', () => {
  it('are read together when they are asked for together', async () => {
    const some = vi.fn(async ({ ids }: { ids: string }) => ids.split(',').map((id) => ({ id })));
    const read = together(some);
    const found = await Promise.all(['a', 'b', 'a'].map((id) => read(id)));
    expect(found.map((one) => one.id)).toEqual(['a', 'b', 'a']);
    expect(some).toHaveBeenCalledExactlyOnceWith({ ids: 'a,b', limit: 100 });
    await read('c');
    expect(some).toHaveBeenCalledTimes(2);
  });

  it('are read a hundred at a time', async () => {
    const some = vi.fn(async ({ ids }: { ids: string }) => ids.split(',').map((id) => ({ id })));
    const read = together(some);
    await Promise.all(Array.from({ length: 250 }, (_, number) => read(String(number))));
    expect(some.mock.calls.map(([{ ids }]) => ids.split(',').length)).toEqual([100, 100, 50]);
  });

  it('are gone where the list lacks them, and fail together', async () => {
    const lacks = together<{ id: string }>(async () => [{ id: 'a' }]);
    const [here, gone] = await Promise.allSettled([lacks('a'), lacks('b')]);
    expect(here.status).toBe('fulfilled');
    expect(gone.status === 'rejected' && problemOf(gone.reason).status).toBe(404);
    const fails = together(async () => Promise.reject(new Error('away')));
    const answers = await Promise.allSettled([fails('a'), fails('b')]);
    expect(answers.map((one) => one.status)).toEqual(['rejected', 'rejected']);
  });
});
