import { Group, MultiSelect, Radio, Stack } from '@mantine/core';
import type { StateValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';

/** Where the dialogue may go from a state. */
export function NextStates({ state }: { state: StateValues }) {
  const { values, change, readOnly } = useDraft();
  const set = (transitions: string[] | undefined) =>
    change((now) => ({
      ...now,
      states: now.states.map((one) => {
        if (one.name !== state.name) return one;
        const { transitions: _, ...rest } = one;
        return transitions ? { ...rest, transitions } : rest;
      }),
    }));
  return (
    <fieldset disabled={readOnly} className="need-fields">
      <Stack gap={6}>
        <Radio.Group
          label="Goes on to"
          value={state.transitions ? 'some' : 'any'}
          onChange={(value) => set(value === 'any' ? undefined : [])}
        >
          <Group mt={4}>
            <Radio size="xs" value="any" label="Any state" />
            <Radio size="xs" value="some" label="Only these" />
          </Group>
        </Radio.Group>
        {state.transitions && (
          <MultiSelect
            size="xs"
            aria-label="States that may follow"
            placeholder={state.transitions.length === 0 ? 'None: the dialogue ends here' : ''}
            data={[...new Set([...values.states.map((one) => one.name), ...state.transitions])]}
            value={state.transitions}
            onChange={set}
            searchable
          />
        )}
      </Stack>
    </fieldset>
  );
}
