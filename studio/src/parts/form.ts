import { useCallback, useMemo, useState } from 'react';
import { problemOf } from '~/api/problem';

/**
 * The errors of a failed save, by the place in the input that they name:
 * `const errors = fieldErrors(save.error)` and then `<TextInput error={errors('/name')} />`.
 * With `under`, also those of places inside it.
 */
export function fieldErrors(error: unknown): (pointer: string, under?: 'under') => string | undefined {
  if (!error) return () => undefined;
  const { errors } = problemOf(error);
  return (pointer, under) => {
    const found = errors.filter(
      (one) => one.pointer === pointer || (under === 'under' && one.pointer.startsWith(`${pointer}/`)),
    );
    return found.length > 0 ? found.map((one) => one.detail).join(' ') : undefined;
  };
}

/** `/environments/production/base_url` as people read it. */
export function pointerWords(pointer: string): string {
  return pointer
    .split('/')
    .filter(Boolean)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~').replaceAll('_', ' '))
    .join(' › ');
}

export interface Form<T> {
  values: T;
  /** Change some fields. */
  set: (patch: Partial<T>) => void;
  dirty: boolean;
  /** Start again from these values, e.g. from the answer to a save. */
  reset: (to: T) => void;
}

/** The typed values of a form and whether they differ from what was read. */
export function useForm<T extends object>(initial: T | (() => T)): Form<T> {
  const [base, setBase] = useState(initial);
  const [values, setValues] = useState(base);
  const set = useCallback((patch: Partial<T>) => setValues((now) => ({ ...now, ...patch })), []);
  const reset = useCallback((to: T) => {
    setBase(to);
    setValues(to);
  }, []);
  const dirty = useMemo(() => JSON.stringify(values) !== JSON.stringify(base), [values, base]);
  return { values, set, dirty, reset };
}
