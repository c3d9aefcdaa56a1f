import { Input, Skeleton } from '@mantine/core';
import { useId } from '@mantine/hooks';
import { lazy, type ReactNode, Suspense } from 'react';
import { chunk } from '~/api/chunk';
import type { Completion } from './CodeMirror';

const CodeMirror = lazy(() => chunk(() => import('./CodeMirror')));

export interface CodeEditorProps {
  label: string;
  description?: ReactNode;
  error?: ReactNode;
  language: 'json' | 'template' | 'text';
  value: string;
  onChange?: (value: string) => void;
  readOnly?: boolean;
  /** What may be used in a template, offered while typing after `{{`. */
  completions?: readonly Completion[];
  minHeight?: number;
  maxHeight?: number;
}

/** An editor with the look of the other fields; its code is read when the first one is shown. */
export function CodeEditor({ label, description, error, ...editor }: CodeEditorProps) {
  const id = useId();
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div" id={id}>
      <Suspense fallback={<Skeleton height={editor.minHeight ?? 96} />}>
        <CodeMirror label={label} invalid={Boolean(error)} {...editor} />
      </Suspense>
    </Input.Wrapper>
  );
}
