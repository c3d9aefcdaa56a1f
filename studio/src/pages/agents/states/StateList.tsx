import { ActionIcon, Group, Text } from '@mantine/core';
import IconArrowDown from '@tabler/icons-react/icons/IconArrowDown';
import IconArrowUp from '@tabler/icons-react/icons/IconArrowUp';
import { StatusBadge } from '~/parts/badges';
import { type Column, DataTable } from '~/parts/DataTable';
import type { StateValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { isAllowedIn } from './edit';

interface Props {
  selected: string | undefined;
  onSelect: (name: string) => void;
}

export function StateList({ selected, onSelect }: Props) {
  const { values, change, readOnly } = useDraft();
  function move(name: string, by: -1 | 1) {
    change((now) => {
      const states = [...now.states];
      const from = states.findIndex((state) => state.name === name);
      const [state] = states.splice(from, 1);
      if (!state) return now;
      states.splice(Math.max(0, from + by), 0, state);
      return { ...now, states };
    });
  }
  const columns: Column<StateValues>[] = [
    {
      key: 'name',
      label: 'State',
      lead: true,
      cell: (state) => (
        <Group gap={6}>
          <button
            type="button"
            className="text-button"
            aria-pressed={state.name === selected}
            onClick={() => onSelect(state.name)}
          >
            {state.name}
          </button>
          {values.initial_state === state.name && <StatusBadge tone="info">initial</StatusBadge>}
        </Group>
      ),
    },
    {
      key: 'next',
      label: 'Goes on to',
      cell: (state) => (state.transitions ? state.transitions.join(', ') || 'nothing' : 'any state'),
    },
    {
      key: 'actions',
      label: 'Available actions',
      cell: (state) => {
        const count = values.strict_states
          ? values.actions.filter((one) => isAllowedIn(one, state.name)).length
          : values.actions.length;
        return `${count} of ${values.actions.length}`;
      },
    },
    {
      key: 'order',
      label: 'Order',
      quiet: true,
      end: true,
      cell: (state) =>
        readOnly ? null : (
          <Group gap={2} justify="flex-end" wrap="nowrap">
            <ActionIcon
              aria-label={`Move ${state.name} up`}
              disabled={values.states[0] === state}
              onClick={() => move(state.name, -1)}
            >
              <IconArrowUp size={14} />
            </ActionIcon>
            <ActionIcon
              aria-label={`Move ${state.name} down`}
              disabled={values.states.at(-1) === state}
              onClick={() => move(state.name, 1)}
            >
              <IconArrowDown size={14} />
            </ActionIcon>
          </Group>
        ),
    },
  ];
  return (
    <div>
      <DataTable label="States" columns={columns} rows={values.states} rowKey={(state) => state.name} />
      <Text size="xs" c="dimmed" mt={4}>
        Choose one to edit it.
      </Text>
    </div>
  );
}
