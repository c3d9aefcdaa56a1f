import { useMemo } from 'react';
import { parseSchema } from './schema';

/** The schema that a text is; null while it is none. */
export function useParsedSchema(text: string) {
  return useMemo(() => {
    const parsed = parseSchema(text);
    return parsed.problem === undefined ? parsed.schema : null;
  }, [text]);
}
