import { autocompletion, type CompletionContext } from '@codemirror/autocomplete';
import { jinja } from '@codemirror/lang-jinja';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { linter } from '@codemirror/lint';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useComputedColorScheme } from '@mantine/core';
import Editor from '@uiw/react-codemirror';
import { useMemo } from 'react';
import type { CodeEditorProps } from './CodeEditor';

export interface Completion {
  /** E.g. `variables.call.from` */
  label: string;
  detail?: string;
}

type Props = Omit<CodeEditorProps, 'description' | 'error'> & { invalid: boolean };

const look = EditorView.theme({
  '&': { fontSize: '12.5px', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' },
  '.cm-content': { fontFamily: 'var(--sb-mono)' },
  '.cm-gutters': {
    backgroundColor: 'transparent',
    border: 'none',
    color: 'var(--mantine-color-dimmed)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
});

const parseJson = jsonParseLinter();
/** Nothing typed yet is no mistake. */
const jsonLint = linter((view) => (view.state.doc.length === 0 ? [] : parseJson(view)));

function highlight(dark: boolean): Extension {
  const pick = (light: string, darker: string) => (dark ? darker : light);
  return syntaxHighlighting(
    HighlightStyle.define([
      { tag: tags.propertyName, color: pick('#1c4ea0', '#91b4ff') },
      { tag: [tags.string, tags.special(tags.string)], color: pick('#1b6b35', '#8fd6a4') },
      { tag: [tags.number, tags.bool, tags.null], color: pick('#a0420a', '#ffb787') },
      { tag: [tags.keyword, tags.controlKeyword], color: pick('#8a1f8f', '#e2a0e6') },
      { tag: [tags.variableName, tags.name], color: pick('#1c4ea0', '#91b4ff') },
      { tag: [tags.brace, tags.special(tags.brace)], color: pick('#8a1f8f', '#e2a0e6') },
      { tag: [tags.comment, tags.lineComment], color: pick('#565e66', '#a6acb5'), fontStyle: 'italic' },
    ]),
  );
}

function templateCompletion(completions: readonly Completion[]): Extension {
  return autocompletion({
    override: [
      (context: CompletionContext) => {
        const before = context.matchBefore(/\{[{%][^}]*/);
        if (!before) return null;
        const word = context.matchBefore(/[\w.]*/);
        return {
          from: word?.from ?? context.pos,
          options: completions.map((one) => ({ ...one, type: 'variable' })),
          validFor: /^[\w.]*$/,
        };
      },
    ],
  });
}

export default function CodeMirror(props: Props) {
  const { language, completions, readOnly = false, label } = props;
  const dark = useComputedColorScheme('light') === 'dark';
  const extensions = useMemo(() => {
    const all: Extension[] = [look, highlight(dark), EditorView.lineWrapping];
    all.push(EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }));
    if (language === 'json') all.push(json(), jsonLint);
    if (language === 'template') all.push(jinja({ base: json() }));
    if (completions) all.push(templateCompletion(completions));
    return all;
  }, [dark, language, completions, label]);
  return (
    <div
      style={{
        border: `1px solid var(${props.invalid ? '--mantine-color-error' : '--mantine-color-default-border'})`,
        borderRadius: 4,
        overflow: 'hidden',
      }}
    >
      <Editor
        value={props.value}
        {...(props.onChange ? { onChange: props.onChange } : {})}
        theme="none"
        editable={!readOnly}
        readOnly={readOnly}
        minHeight={`${props.minHeight ?? 96}px`}
        maxHeight={`${props.maxHeight ?? 420}px`}
        indentWithTab={false}
        basicSetup={{
          lineNumbers: language === 'json',
          foldGutter: false,
          highlightActiveLine: false,
          autocompletion: false,
          searchKeymap: false,
        }}
        extensions={extensions}
      />
    </div>
  );
}
