import { Button, Drawer, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Boundary } from '~/parts/Boundary';
import { fieldErrors } from '~/parts/form';
import type { BindingValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { AgentActionEditor } from './AgentActionEditor';
import { LinkEditor } from './LinkEditor';
import { PromoteDialog } from './PromoteDialog';
import type { Linked } from './useLinked';
import { kindLabel } from './words';

interface Props {
  binding: BindingValues;
  name: string;
  linked: Linked | undefined;
  onClose: () => void;
}

/** One binding to edit. All of it is part of the draft: Save saves it. */
export function BindingDrawer({ binding, name, linked, onClose }: Props) {
  const desk = useDraft();
  const [promoting, promote] = useDisclosure(false);
  const index = desk.values.actions.findIndex((one) => one.key === binding.key);
  const all = fieldErrors(desk.saveError);
  const errors = (pointer: string, under?: 'under') => all(`/actions/${index}/${pointer}`, under);
  const onChange = (next: BindingValues) =>
    desk.change((now) => ({
      ...now,
      actions: now.actions.map((one) => (one.key === binding.key ? next : one)),
    }));
  function remove() {
    desk.change((now) => ({ ...now, actions: now.actions.filter((one) => one.key !== binding.key) }));
    onClose();
  }
  const { action } = binding;
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={880}
      title={
        <Text span fw={600} className="mono wrap-anywhere">
          {name}
          {action && (
            <Text span size="xs" c="dimmed" ff="text">
              {' '}
              {kindLabel(action.kind)} of this agent
            </Text>
          )}
        </Text>
      }
    >
      <Stack gap="md">
        {all(`/actions/${index}`) && (
          <Text size="sm" c="var(--mantine-color-error)">
            {all(`/actions/${index}`)}
          </Text>
        )}
        <Boundary of={binding.key} keeps>
          {action ? (
            <AgentActionEditor binding={binding} action={action} onChange={onChange} errors={errors} />
          ) : (
            <LinkEditor binding={binding} linked={linked} onChange={onChange} errors={errors} />
          )}
        </Boundary>
        {!desk.readOnly && (
          <Group justify="space-between" mt="md">
            <Group gap="xs">
              <Button variant="subtle" color="red" onClick={remove}>
                Remove from the agent
              </Button>
              {action?.kind === 'api_call' && (
                <Button variant="default" onClick={promote.open}>
                  Promote to a shared action…
                </Button>
              )}
            </Group>
            <Group gap="xs">
              <Button variant="default" onClick={onClose}>
                Close
              </Button>
              <Button
                disabled={!desk.dirty || Object.keys(desk.texts).length > 0 || Boolean(desk.theirs)}
                loading={desk.saving}
                onClick={() => desk.save().catch(() => undefined)}
              >
                Save draft
              </Button>
            </Group>
          </Group>
        )}
      </Stack>
      {promoting && action?.kind === 'api_call' && (
        <PromoteDialog binding={binding} action={action} onClose={promote.close} onDone={onClose} />
      )}
    </Drawer>
  );
}
