import { Button, Group, NativeSelect, SegmentedControl, Skeleton, Stack, Switch, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import IconPlus from '@tabler/icons-react/icons/IconPlus';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useState } from 'react';
import { chunk } from '~/api/chunk';
import { EmptyState } from '~/parts/ListState';
import { NeedButton } from '~/parts/permission';
import { useDraft } from '../draft/useDraft';
import { freeStateName } from './edit';
import { StateEditor } from './StateEditor';
import { StateList } from './StateList';

const StateGraph = lazy(() => chunk(() => import('./StateGraph')));
const route = getRouteApi('/app/agents/$id');

/** The steps of the dialogue: as a graph or a list, and the chosen one to edit. */
export function StatesTab() {
  const desk = useDraft();
  const { values, change, readOnly } = desk;
  const { state: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const wide = useMediaQuery('(min-width: 62em)', true, { getInitialValueInEffect: false });
  const [view, setView] = useState<'graph' | 'list'>(wide ? 'graph' : 'list');
  const select = useCallback(
    (name: string | undefined) =>
      void navigate({ search: { tab: 'states', ...(name ? { state: name } : {}) }, replace: true }),
    [navigate],
  );
  // While a name is typed the address still has the one before; the editor stays where it is.
  const [renamed, setRenamed] = useState<{ from: string; to: string }>();
  const name = renamed && renamed.from === chosen ? renamed.to : chosen;
  const state = values.states.find((one) => one.name === name);
  function add() {
    const name = freeStateName(values.states);
    change((now) => ({
      ...now,
      initial_state: now.initial_state ?? (now.states.length === 0 ? name : null),
      states: [...now.states, { name, description: '', instructions: '' }],
    }));
    select(name);
  }
  const addButton = (
    <NeedButton need="edit" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
      Add state
    </NeedButton>
  );
  if (values.states.length === 0) {
    return (
      <EmptyState title="No states" action={addButton}>
        A state is a step of the dialogue, such as greeting or billing, with instructions of its own. With
        strict states on, each action can be limited to some of them. An agent works without states, too.
      </EmptyState>
    );
  }
  return (
    <Stack>
      <fieldset disabled={readOnly} className="need-fields">
        <Group gap="lg" align="flex-end">
          <NativeSelect
            size="xs"
            label="Initial state"
            value={values.initial_state ?? ''}
            onChange={(event) => {
              const initial_state = event.currentTarget.value || null;
              change((now) => ({ ...now, initial_state }));
            }}
            data={[{ value: '', label: 'none' }, ...values.states.map((one) => one.name)]}
          />
          <Switch
            label="Strict states"
            description="Actions are callable only in the states they are allowed in."
            checked={values.strict_states}
            onChange={(event) => {
              const strict_states = event.currentTarget.checked;
              change((now) => ({ ...now, strict_states }));
            }}
          />
          <Switch
            label="Offer the tool go_to_state"
            description="The model itself moves the conversation to another state."
            checked={values.go_to_state}
            onChange={(event) => {
              const go_to_state = event.currentTarget.checked;
              change((now) => ({ ...now, go_to_state }));
            }}
          />
        </Group>
      </fieldset>
      <Group justify="space-between">
        <SegmentedControl
          size="xs"
          aria-label="Show the states as"
          value={view}
          onChange={(value) => setView(value as 'graph' | 'list')}
          data={[
            { value: 'graph', label: 'Graph' },
            { value: 'list', label: 'List' },
          ]}
        />
        {addButton}
      </Group>
      <div className={state ? (view === 'list' ? 'side-by-side' : 'one-above') : undefined}>
        {view === 'graph' ? (
          <Suspense fallback={<Skeleton height={460} />}>
            <StateGraph selected={state?.name} onSelect={select} />
          </Suspense>
        ) : (
          <StateList selected={state?.name} onSelect={select} />
        )}
        {state && (
          <StateEditor
            key={values.states.indexOf(state)}
            state={state}
            onSelect={select}
            onRename={(to) => setRenamed({ from: chosen ?? to, to })}
          />
        )}
      </div>
      {chosen && !state && (
        <Group gap="xs">
          <Text c="dimmed">There is no state {name} in this draft.</Text>
          <Button variant="subtle" size="compact-xs" onClick={() => select(undefined)}>
            Show all states
          </Button>
        </Group>
      )}
    </Stack>
  );
}
