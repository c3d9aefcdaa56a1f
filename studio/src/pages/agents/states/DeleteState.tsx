import { Alert, Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import { useBindingNames } from '../actions/useLinked';
import { nameOf } from '../draft/differences';
import { useDraft } from '../draft/useDraft';
import { onlyAllowedIn, removeState } from './edit';

interface Props {
  name: string;
  onClose: () => void;
  onDone: () => void;
}

/** Deleting a state, with all that names it. It is a change of the draft: saved with it, or discarded with it. */
export function DeleteState({ name, onClose, onDone }: Props) {
  const { values, change } = useDraft();
  const names = useBindingNames(values.actions);
  const from = values.states.filter((state) => state.name !== name && state.transitions?.includes(name));
  const stuck = onlyAllowedIn(values, name);
  const elsewhere = values.actions.filter(
    (binding) => binding.allowed_states?.includes(name) && !stuck.includes(binding),
  );
  return (
    <Modal opened onClose={onClose} title={`Delete the state ${name}?`}>
      <Stack>
        <List size="sm">
          {values.initial_state === name && (
            <List.Item>It is the initial state; afterwards there is none.</List.Item>
          )}
          {from.length > 0 && (
            <List.Item>Transitions from {from.map((state) => state.name).join(', ')} go with it.</List.Item>
          )}
          {elsewhere.length > 0 && (
            <List.Item>
              Still available in other states: {elsewhere.map((binding) => nameOf(binding, names)).join(', ')}
              .
            </List.Item>
          )}
          {values.initial_state !== name && from.length + elsewhere.length + stuck.length === 0 && (
            <List.Item>Nothing else refers to it.</List.Item>
          )}
        </List>
        {stuck.length > 0 && (
          <Alert color="yellow" variant="light" title="Available in this state only">
            {stuck.map((binding) => nameOf(binding, names)).join(', ')}: callable nowhere until you choose
            other states. The name {name} stays on them, and the agent cannot be published before.
          </Alert>
        )}
        <Text size="sm" c="dimmed">
          Conversations on locked versions keep the state.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button
            color="red"
            onClick={() => {
              change((now) => removeState(now, name));
              onDone();
            }}
          >
            Delete state
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
