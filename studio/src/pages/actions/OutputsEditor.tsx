import { ActionIcon, Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import IconPlus from '@tabler/icons-react/icons/IconPlus';
import IconTrash from '@tabler/icons-react/icons/IconTrash';
import { useState } from 'react';
import type { Form } from '~/parts/form';
import type { Errors } from './ApiFields';
import { pathOf, type Step, valueAt, variableName } from './jsonPath';
import { ResponseTree } from './ResponseTree';
import { type ActionValues, type OutputRow, outputRow } from './values';

interface Props {
  form: Form<ActionValues>;
  errors: Errors;
  readOnly: boolean;
  /** The answer to pick from, if there is one. */
  root: unknown;
}

/** Variables and their paths; picked by clicking in an answer, or typed. */
export function OutputsEditor({ form, errors, readOnly, root }: Props) {
  const [sample, setSample] = useState<unknown>();
  const rows = form.values.outputs;
  const answer = root ?? sample;
  const change = (key: string, patch: Partial<OutputRow>) =>
    form.set({ outputs: rows.map((row) => (row.key === key ? { ...row, ...patch } : row)) });
  const pick = (steps: readonly Step[]) => {
    const name = variableName(
      steps,
      rows.map((row) => row.name),
    );
    form.set({ outputs: [...rows, outputRow(name, pathOf(steps))] });
  };
  return (
    <div className="two-columns">
      <Stack gap="xs">
        {rows.length === 0 && (
          <Text c="dimmed" size="sm">
            None yet. Try the action and click a value in its response.
          </Text>
        )}
        {rows.map((row, index) => (
          <Group key={row.key} gap="xs" align="flex-start" wrap="nowrap">
            <TextInput
              size="xs"
              style={{ flex: '1 1 0' }}
              label="Variable"
              classNames={{ input: 'mono' }}
              value={row.name}
              error={errors(`/output_variables/${index}/name`)}
              onChange={(event) => change(row.key, { name: event.currentTarget.value })}
            />
            <TextInput
              size="xs"
              style={{ flex: '2 1 0' }}
              label="Path"
              classNames={{ input: 'mono' }}
              value={row.path}
              description={answer === undefined ? undefined : preview(row.path, answer)}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              error={errors(`/output_variables/${index}/path`) ?? errors(`/output_variables/${index}`)}
              onChange={(event) => change(row.key, { path: event.currentTarget.value })}
            />
            {!readOnly && (
              <ActionIcon
                mt={24}
                aria-label={`Remove the variable ${row.name || index + 1}`}
                onClick={() => form.set({ outputs: rows.filter((one) => one.key !== row.key) })}
              >
                <IconTrash size={14} />
              </ActionIcon>
            )}
          </Group>
        ))}
        {errors('/output_variables') && (
          <Text size="xs" c="var(--mantine-color-error)">
            {errors('/output_variables')}
          </Text>
        )}
        {!readOnly && (
          <Button
            variant="subtle"
            size="compact-xs"
            style={{ alignSelf: 'flex-start' }}
            leftSection={<IconPlus size={12} aria-hidden />}
            onClick={() => form.set({ outputs: [...rows, outputRow()] })}
          >
            Add by hand
          </Button>
        )}
      </Stack>
      <Stack gap="xs">
        {answer !== undefined ? (
          <ResponseTree
            value={answer}
            taken={rows.map((row) => row.path)}
            {...(readOnly ? {} : { onPick: pick })}
          />
        ) : (
          !readOnly && <SampleField onSample={setSample} />
        )}
      </Stack>
    </div>
  );
}

function preview(path: string, answer: unknown): string {
  const found = valueAt(path, answer);
  if (found.kind === 'missing') return 'Not in this response';
  if (found.kind === 'unknown') return 'Evaluated by the server when the action is called';
  const text = JSON.stringify(found.value) ?? '';
  return `= ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}

/** An answer pasted from elsewhere, for when the action cannot be tried yet. */
function SampleField({ onSample }: { onSample: (value: unknown) => void }) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  return (
    <Textarea
      label="Or paste a response here"
      description="JSON, to pick from before the action can be tried. It is not kept."
      classNames={{ input: 'mono' }}
      minRows={3}
      maxRows={8}
      autosize
      value={text}
      error={wrong ? 'This is not a JSON object or list yet' : undefined}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        try {
          const value: unknown = JSON.parse(next);
          const usable = typeof value === 'object' && value !== null;
          setWrong(!usable);
          if (usable) onSample(value);
        } catch {
          setWrong(next.trim() !== '');
        }
      }}
    />
  );
}
