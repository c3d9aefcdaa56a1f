import { describe, expect, it } from 'vitest';
// @ts-expect-error: a plain script of the checks, without types.
import { wrongEffects } from '../scripts/effects.mjs';

describe('the check of effects', () => {
  it.each([
    'useEffect(() => top.current?.scrollIntoView(), []);',
    'useLayoutEffect(() => menu.close(), [path]);',
    'React.useEffect(() => setName(name), [name]);',
    'useEffect(run, []);',
    'useEffect(async () => { await run(); }, []);',
  ])('finds %s', (source) => {
    expect(wrongEffects(`const a = 1;\n${source}`)).toEqual([2]);
  });

  it.each([
    'useEffect(() => { run(); }, []);',
    'useEffect(() => { const stop = run(); return () => stop(); }, []);',
    'useEffect(function () { run(); }, []);',
    'const found = useMemo(() => run(), []);',
  ])('lets %s be', (source) => {
    expect(wrongEffects(source)).toEqual([]);
  });
});
