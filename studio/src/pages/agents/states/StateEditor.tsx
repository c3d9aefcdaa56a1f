import { Button, Group, Stack, Textarea, TextInput, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { CodeEditor } from '~/parts/CodeEditor';
import { useUnfinished } from '~/parts/unfinished';
import { useCompletions } from '../actions/useCompletions';
import type { StateValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { DeleteState } from './DeleteState';
import { renameState, stateNameProblem, unknownStates } from './edit';
import { NextStates } from './NextStates';
import { StateActions } from './StateActions';

interface Props {
  state: StateValues;
  onSelect: (name: string | undefined) => void;
  onRename: (name: string) => void;
}

export function StateEditor({ state, onSelect, onRename }: Props) {
  const { values, change, readOnly } = useDraft();
  const completions = useCompletions();
  const [deleting, remove] = useDisclosure(false);
  const [name, setName] = useState(state.name);
  const top = useRef<HTMLDivElement>(null);
  useEffect(() => {
    setName(state.name);
  }, [state.name]);
  useEffect(() => {
    top.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  const others = values.states.filter((one) => one !== state).map((one) => one.name);
  const problem = stateNameProblem(name, others);
  const edit = (patch: Partial<StateValues>) =>
    change((now) => ({
      ...now,
      states: now.states.map((one) => (one.name === state.name ? { ...one, ...patch } : one)),
    }));
  useUnfinished(`state:${state.name}/Name`, name === state.name ? undefined : problem);
  /** Taken with every key, so that it is never an old name that is saved. */
  function type(next: string) {
    setName(next);
    // A name that something still uses is taken when it is complete: what is typed on the way to
    // another one must not adopt it.
    if (!unknownStates(values).includes(next)) take(next);
  }
  function take(next: string) {
    if (next === state.name || stateNameProblem(next, others)) return;
    change((now) => renameState(now, state.name, next));
    onRename(next);
  }
  /** The address has the name when it is complete. */
  function leave() {
    take(name);
    if (!problem) onSelect(name);
  }
  return (
    <Stack
      ref={top}
      className="panel state-editor"
      p="md"
      component="section"
      aria-label={`State ${state.name}`}
    >
      <Group justify="space-between">
        <Title order={2}>{state.name}</Title>
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => onSelect(undefined)}>
          Close
        </Button>
      </Group>
      <div className="state-fields">
        <fieldset disabled={readOnly} className="need-fields">
          <Stack gap="sm">
            <TextInput
              size="xs"
              label="Name"
              description="The runtime and go_to_state use it. Renaming also renames it in transitions and actions."
              value={name}
              error={name === state.name ? undefined : problem}
              onChange={(event) => type(event.currentTarget.value)}
              onBlur={leave}
              onKeyDown={(event) => {
                if (event.key === 'Enter') leave();
              }}
            />
            <Textarea
              size="xs"
              label="Description"
              description="When the dialogue is in this step."
              autosize
              minRows={1}
              value={state.description}
              onChange={(event) => edit({ description: event.currentTarget.value })}
            />
            <CodeEditor
              label="Instructions"
              description="What the model is told in this state, besides the agent's instructions."
              language="template"
              readOnly={readOnly}
              completions={completions}
              value={state.instructions}
              onChange={(instructions) => edit({ instructions })}
            />
          </Stack>
        </fieldset>
        <Stack>
          <NextStates state={state} />
          <StateActions state={state} />
        </Stack>
      </div>
      {!readOnly && (
        <Group>
          <Button variant="subtle" color="red" size="compact-sm" onClick={remove.open}>
            Delete state
          </Button>
        </Group>
      )}
      {deleting && (
        <DeleteState
          name={state.name}
          onClose={remove.close}
          onDone={() => {
            remove.close();
            onSelect(undefined);
          }}
        />
      )}
    </Stack>
  );
}
