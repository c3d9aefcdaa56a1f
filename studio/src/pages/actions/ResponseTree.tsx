import { Text, Tooltip, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { pathOf, type Step } from './jsonPath';

interface Props {
  value: unknown;
  /** The paths that are variables already. */
  taken: readonly string[];
  onPick?: (steps: readonly Step[]) => void;
}

/** An answer as a tree; a click on a value makes it a variable. */
export function ResponseTree({ value, taken, onPick }: Props) {
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {onPick ? 'Click a value to take it' : 'The response'}
      </Text>
      <div className="code-block" role="group" aria-label="Values of the response">
        <Node value={value} steps={[]} taken={taken} onPick={onPick} />
      </div>
    </div>
  );
}

const FIRST = 30;

interface NodeProps {
  value: unknown;
  steps: readonly Step[];
  taken: readonly string[];
  onPick: ((steps: readonly Step[]) => void) | undefined;
}

function Node({ value, steps, taken, onPick }: NodeProps) {
  const [shown, setShown] = useState(FIRST);
  const nested = typeof value === 'object' && value !== null;
  const entries: [Step, unknown][] = !nested
    ? []
    : Array.isArray(value)
      ? value.map((inner, index) => [index, inner])
      : Object.entries(value);
  return (
    <div>
      <Line value={value} steps={steps} taken={taken} onPick={onPick} />
      {entries.length > 0 && (
        <div style={{ paddingInlineStart: '1.1rem', borderInlineStart: '1px solid var(--sb-line)' }}>
          {entries.slice(0, shown).map(([step, inner]) => (
            <Node key={String(step)} value={inner} steps={[...steps, step]} taken={taken} onPick={onPick} />
          ))}
          {entries.length > shown && (
            <UnstyledButton className="tree-value" onClick={() => setShown(shown + 100)}>
              {entries.length - shown} more
            </UnstyledButton>
          )}
        </div>
      )}
    </div>
  );
}

function Line({ value, steps, taken, onPick }: NodeProps) {
  const path = pathOf(steps);
  const last = steps.at(-1);
  const label = last === undefined ? 'the whole response' : typeof last === 'number' ? `[${last}]` : last;
  const text = words(value);
  const is = taken.includes(path);
  const inside = (
    <>
      <b>{label}</b>
      <span>{text}</span>
      {is && <i>is a variable</i>}
    </>
  );
  if (!onPick) return <div className="tree-value">{inside}</div>;
  return (
    <Tooltip label={path} position="left" openDelay={500}>
      <UnstyledButton
        className="tree-value"
        aria-label={`Take ${path}, ${text}${is ? ', is a variable' : ''}`}
        onClick={() => onPick(steps)}
      >
        {inside}
      </UnstyledButton>
    </Tooltip>
  );
}

function words(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? '1 item' : `${value.length} items`;
  if (typeof value === 'object' && value !== null) return '';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
