import { Group, VisuallyHidden } from '@mantine/core';
import { useMemo } from 'react';
import { CopyButton } from './CopyButton';
import { diffLines, pretty } from './diff';

/** A value as it is, to read and to copy. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
  return (
    <div style={{ position: 'relative' }}>
      <Group style={{ position: 'absolute', insetInlineEnd: 6, insetBlockStart: 6 }}>
        <CopyButton value={text} label={`Copy ${label}`} />
      </Group>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <pre className="code-block" role="group" tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </div>
  );
}

const MARK = { same: '  ', added: '+ ', removed: '− ' } as const;
const WORD = { same: '', added: 'added: ', removed: 'removed: ' } as const;

/** Before and after, line by line; JSON is compared whatever the order of its members. */
export function DiffView({ before, after, label }: { before: unknown; after: unknown; label: string }) {
  const lines = useMemo(() => diffLines(pretty(before), pretty(after)), [before, after]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <pre className="code-block" role="group" tabIndex={0} aria-label={label}>
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing else to be known by.
        <span key={index} className="diff-line" data-kind={line.kind}>
          <span aria-hidden>{MARK[line.kind]}</span>
          <VisuallyHidden>{WORD[line.kind]}</VisuallyHidden>
          {line.text}
        </span>
      ))}
    </pre>
  );
}
