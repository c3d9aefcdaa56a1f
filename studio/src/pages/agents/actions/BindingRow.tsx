import { Group, Menu, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { MethodBadge, StatusBadge } from '~/parts/badges';
import { RowMenu } from '~/parts/RowMenu';
import { nameOf } from '../draft/differences';
import type { BindingValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { RepairButtons } from './RepairButtons';
import type { Linked } from './useLinked';
import { gateWords, kindLabel, overridden } from './words';

interface Props {
  binding: BindingValues;
  linked: Linked | undefined;
  names: ReadonlyMap<string, string>;
  onOpen: () => void;
}

/** One action of the agent: the shape it has now, what is set differently, and when it may be called. */
export function BindingRow({ binding, linked, names, onOpen }: Props) {
  const { values, change, readOnly } = useDraft();
  const name = nameOf(binding, names);
  const action = linked && 'action' in linked ? linked.action : undefined;
  const own = binding.action;
  const broken = linked?.state === 'deleted' || linked?.state === 'moved';
  const set = binding.link ? overridden(binding) : [];
  const unknown = (binding.allowed_states ?? []).filter(
    (state) => !values.states.some((one) => one.name === state),
  );
  return (
    <div className="binding-row">
      <Stack gap={2} style={{ flex: 1, minWidth: 0 }}>
        <Group gap={6}>
          <button type="button" className="text-button mono wrap-anywhere" onClick={onOpen}>
            {name}
          </button>
          {action?.method && <MethodBadge method={action.method} />}
          {own?.kind === 'api_call' && <MethodBadge method={own.method} />}
          {own && own.kind !== 'api_call' && <StatusBadge tone="plain">{kindLabel(own.kind)}</StatusBadge>}
          {(action?.path || own?.kind === 'api_call') && (
            <Text span size="xs" c="dimmed" className="mono wrap-anywhere">
              {action?.path ?? (own?.kind === 'api_call' ? own.url : '')}
            </Text>
          )}
          {!binding.id && <StatusBadge tone="info">new</StatusBadge>}
        </Group>
        {(action?.description || own?.description) && (
          <Text size="xs" c="dimmed" lineClamp={1}>
            {action?.description ?? own?.description}
          </Text>
        )}
        <Group gap={6}>
          {set.length > 0 && (
            <>
              <StatusBadge tone="info">overrides</StatusBadge>
              <Text span size="xs">
                {set.join(', ')}
              </Text>
            </>
          )}
          {gateWords(binding, values.strict_states).map((words) => (
            <Text key={words} span size="xs" c="dimmed">
              {words}
            </Text>
          ))}
          {unknown.length > 0 && <StatusBadge tone="bad">{`no state ${unknown.join(', ')}`}</StatusBadge>}
          {action?.change_unapproved && <StatusBadge tone="warn">a change waits for approval</StatusBadge>}
        </Group>
        {broken && (
          <Group gap="xs" mt={4}>
            <StatusBadge tone="bad">
              {linked.state === 'deleted' ? 'was deleted' : 'was moved to another integration'}
            </StatusBadge>
            <RepairButtons binding={binding} name={name} moved={linked.state === 'moved'} />
          </Group>
        )}
      </Stack>
      <RowMenu label={`More about ${name}`}>
        <Menu.Item onClick={onOpen}>{readOnly ? 'Open' : 'Edit'}</Menu.Item>
        {action && (
          <Menu.Item component={Link} {...({ to: '/actions/$id', params: { id: action.id } } as object)}>
            Open the shared action
          </Menu.Item>
        )}
        {!readOnly && (
          <Menu.Item
            color="red"
            onClick={() =>
              change((now) => ({ ...now, actions: now.actions.filter((one) => one.key !== binding.key) }))
            }
          >
            Remove from the agent
          </Menu.Item>
        )}
      </RowMenu>
    </div>
  );
}
