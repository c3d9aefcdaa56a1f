import { createContext, useCallback, useContext, useId, useLayoutEffect, useState } from 'react';

/**
 * Takes note of what is typed in a field and cannot be taken yet, such as a name that another one has;
 * without words there is nothing any more. Whoever saves asks for it first.
 */
export type Hold = (field: string, words: string | undefined) => void;

export const UnfinishedContext = createContext<Hold | null>(null);

/** Says that a field has something that cannot be taken yet, for as long as it is on the page. */
export function useUnfinished(field: string, words: string | undefined): void {
  const hold = useContext(UnfinishedContext);
  const id = useId();
  // In the same step as the key that was typed: a save right after it must not find the form without it.
  useLayoutEffect(() => {
    if (!hold || words === undefined) return;
    const key = `${field}#${id}`;
    hold(key, words);
    return () => hold(key, undefined);
  }, [hold, field, id, words]);
}

/** For a form that asks for it itself: what is to be given to the context, and the words there are now. */
export function useHolds(): { hold: Hold; words: string[] } {
  const [held, setHeld] = useState<Record<string, string>>({});
  const hold = useCallback<Hold>(
    (field, words) =>
      setHeld(({ [field]: _, ...rest }) => (words === undefined ? rest : { ...rest, [field]: words })),
    [],
  );
  return { hold, words: Object.values(held) };
}
