import { useState } from 'react';
import { useDraft } from '../draft/useDraft';

interface Options {
  /** The field's name among all of the draft's, said when it keeps the draft from being saved. */
  field: string;
  value: unknown;
  onChange: (value: unknown) => void;
  /** Only an object will do. */
  object?: boolean | undefined;
}

/** A JSON value as text to type. While it is not complete it is kept as text, and the draft cannot be saved. */
export function useJsonText({ field, value, onChange, object = false }: Options) {
  const { typed: texts, setText } = useDraft();
  const pending = texts[field];
  const [typed, setTyped] = useState<{ text: string; value: unknown }>();
  // What was typed keeps its look as long as it means the value that is there.
  const text =
    pending ?? (typed && typed.value === value ? typed.text : (JSON.stringify(value, null, 2) ?? ''));
  function change(next: string) {
    if (next === text) return;
    const parsed = parseJson(next, object);
    if ('problem' in parsed) {
      setText(field, next);
      return;
    }
    if (pending !== undefined) setText(field, undefined);
    setTyped({ text: next, value: parsed.value });
    onChange(parsed.value);
  }
  const parsed = pending === undefined ? undefined : parseJson(pending, object);
  return { text, change, problem: parsed && 'problem' in parsed ? parsed.problem : undefined };
}

export function parseJson(text: string, object: boolean): { value: unknown } | { problem: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (object && (typeof value !== 'object' || value === null || Array.isArray(value))) {
      return { problem: 'This must be a JSON object: { … }.' };
    }
    return { value };
  } catch {
    return { problem: 'This is not complete JSON yet.' };
  }
}
