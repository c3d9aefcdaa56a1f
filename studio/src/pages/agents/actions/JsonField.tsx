import type { ReactNode } from 'react';
import { CodeEditor } from '~/parts/CodeEditor';
import { useDraft } from '../draft/useDraft';
import { useJsonText } from './useJsonText';

interface Props {
  label: string;
  /** The field's name among all of the draft's. */
  field: string;
  description?: ReactNode;
  error?: ReactNode;
  value: unknown;
  onChange: (value: unknown) => void;
}

/** JSON to type. */
export function JsonField({ label, description, error, ...options }: Props) {
  const { readOnly } = useDraft();
  const { text, change, problem } = useJsonText(options);
  return (
    <CodeEditor
      label={label}
      description={description}
      error={problem ?? error}
      language="json"
      readOnly={readOnly}
      minHeight={120}
      value={text}
      onChange={change}
    />
  );
}
