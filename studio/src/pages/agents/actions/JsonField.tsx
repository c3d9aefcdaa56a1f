import { type ReactNode, useState } from 'react';
import { CodeEditor } from '~/parts/CodeEditor';
import { useDraft } from '../draft/useDraft';

interface Props {
  label: string;
  /** The field's name among all of the draft's, said when it keeps the draft from being saved. */
  field: string;
  description?: ReactNode;
  error?: ReactNode;
  value: unknown;
  onChange: (value: unknown) => void;
  /** Only an object will do. */
  object?: boolean;
  minHeight?: number;
}

/** JSON to type. While it is not complete it is kept as text, and the draft cannot be saved. */
export function JsonField({
  label,
  field,
  description,
  error,
  value,
  onChange,
  object = false,
  minHeight,
}: Props) {
  const { texts, setText, readOnly } = useDraft();
  const pending = texts[field];
  const [typed, setTyped] = useState<{ text: string; value: unknown }>();
  // What was typed keeps its look as long as it means the value that is there.
  const shown = pending ?? (typed && typed.value === value ? typed.text : JSON.stringify(value, null, 2));
  function change(text: string) {
    const parsed = parse(text, object);
    if ('problem' in parsed) {
      setText(field, text);
      return;
    }
    if (pending !== undefined) setText(field, undefined);
    setTyped({ text, value: parsed.value });
    onChange(parsed.value);
  }
  const problem = pending === undefined ? undefined : parse(pending, object);
  return (
    <CodeEditor
      label={label}
      description={description}
      error={problem && 'problem' in problem ? problem.problem : error}
      language="json"
      readOnly={readOnly}
      minHeight={minHeight ?? 120}
      value={shown ?? ''}
      onChange={(text) => {
        if (text !== shown) change(text);
      }}
    />
  );
}

function parse(text: string, object: boolean): { value: unknown } | { problem: string } {
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
