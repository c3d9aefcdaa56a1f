import { Button, Drawer, Group, Stack, Text } from '@mantine/core';
import { Boundary } from '~/parts/Boundary';
import type { BindingValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { AgentActionEditor } from './AgentActionEditor';
import { kindLabel, missingIn } from './words';

const NO_ERRORS = () => undefined;

/** A new action of the agent's own. It becomes part of the draft when it is complete, so a half one keeps nothing from being saved. */
export function MakeAction({ making, taken }: { making: BindingValues; taken: readonly string[] }) {
  const { change, make, typed, setText } = useDraft();
  const { action } = making;
  if (!action) return null;
  const unfinished = Object.keys(typed).filter((field) => field.startsWith(`${making.key}/`));
  const missing =
    missingIn(action, taken) ?? (unfinished.length > 0 ? 'Some JSON is not complete yet.' : undefined);
  function cancel() {
    for (const field of unfinished) setText(field, undefined);
    make(undefined);
  }
  function add() {
    change((now) => ({ ...now, actions: [...now.actions, making] }));
    make(undefined);
  }
  return (
    <Drawer
      opened
      onClose={cancel}
      // What is typed goes by a button, not by a slip.
      closeOnEscape={false}
      closeOnClickOutside={false}
      withCloseButton={false}
      position="right"
      size={880}
      title={`New ${kindLabel(action.kind).toLowerCase()}`}
    >
      <Boundary of={making.key} keeps>
        <Stack gap="md">
          <AgentActionEditor binding={making} action={action} onChange={make} errors={NO_ERRORS} />
          <Group justify="flex-end" mt="md">
            <Text size="sm" c="dimmed" role="status">
              {missing ?? 'Not part of the draft yet.'}
            </Text>
            <Button variant="default" onClick={cancel}>
              Cancel
            </Button>
            <Button disabled={missing !== undefined} onClick={add}>
              Add to the agent
            </Button>
          </Group>
        </Stack>
      </Boundary>
    </Drawer>
  );
}
