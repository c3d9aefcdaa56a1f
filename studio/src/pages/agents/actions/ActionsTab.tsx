import { Group, Menu, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import IconPlus from '@tabler/icons-react/icons/IconPlus';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { chunk } from '~/api/chunk';
import { useCan } from '~/api/session';
import { EmptyState } from '~/parts/ListState';
import { NeedButton } from '~/parts/permission';
import { matches, SearchField } from '~/parts/SearchField';
import { nameOf } from '../draft/differences';
import { type ActionKind, newKey } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { BindingGroups } from './BindingGroups';
import { DriftBanner } from './DriftBanner';
import { freshAction } from './fresh';
import type { Action } from './useLinked';
import { useBindingNames, useLinked } from './useLinked';
import { freeName, KINDS } from './words';

const PickActions = lazy(() =>
  chunk(() => import('./PickActions').then((m) => ({ default: m.PickActions }))),
);
const MakeAction = lazy(() => chunk(() => import('./MakeAction').then((m) => ({ default: m.MakeAction }))));
const BindingDrawer = lazy(() =>
  chunk(() => import('./BindingDrawer').then((m) => ({ default: m.BindingDrawer }))),
);
const route = getRouteApi('/app/agents/$id');

/** What the agent may call: links to shared actions, and actions of its own. */
export function ActionsTab() {
  const { values, change, keyNow, making, make } = useDraft();
  const { binding: opened } = route.useSearch();
  const navigate = route.useNavigate();
  const linked = useLinked(values.actions);
  const names = useBindingNames(values.actions);
  const [picking, pick] = useDisclosure(false);
  const [q, setQ] = useState<string>();
  const open = (key: string | undefined) =>
    void navigate({ search: { tab: 'actions', ...(key ? { binding: key } : {}) } });
  const taken = values.actions.map((binding) => nameOf(binding, names));
  const shown = values.actions.filter((binding) =>
    matches(q, nameOf(binding, names), binding.action?.description),
  );
  const binding = values.actions.find((one) => one.key === keyNow(opened ?? ''));

  function link(actions: readonly Action[]) {
    pick.close();
    change((now) => ({
      ...now,
      actions: [
        ...now.actions,
        ...actions.map((action) => ({
          key: newKey(),
          link: { action_id: action.id, integration_id: action.integration_id },
        })),
      ],
    }));
  }
  function addOwn(kind: ActionKind) {
    make({ key: newKey(), action: freshAction(kind, freeName(kind, taken)) });
  }

  const adding = (
    <Group gap="xs">
      <OwnActionMenu onAdd={addOwn} />
      <NeedButton
        need="edit"
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={pick.open}
      >
        Add action
      </NeedButton>
    </Group>
  );
  return (
    <Stack>
      <DriftBanner onOpen={open} />
      {values.actions.length === 0 ? (
        <EmptyState title="No actions yet" action={adding}>
          Link shared actions, which live under an integration and stay the same for every agent, or add an
          action that only this agent has. The model sees them as its tools.
        </EmptyState>
      ) : (
        <>
          <Group justify="space-between">
            <SearchField label="Search this agent’s actions" value={q} onChange={setQ} />
            {adding}
          </Group>
          {shown.length === 0 && <Text c="dimmed">No action of this agent matches “{q}”.</Text>}
          <BindingGroups bindings={shown} linked={linked} names={names} onOpen={open} />
        </>
      )}
      <Suspense>
        {picking && (
          <PickActions
            title="Add actions"
            confirm="Add"
            linked={new Set(values.actions.flatMap((one) => (one.link ? [one.link.action_id] : [])))}
            taken={new Set(taken)}
            onPick={link}
            onClose={pick.close}
          />
        )}
        {making && <MakeAction making={making} taken={taken} />}
        {binding && (
          <BindingDrawer
            key={opened}
            binding={binding}
            name={nameOf(binding, names)}
            linked={linked.get(binding.key)}
            onClose={() => open(undefined)}
          />
        )}
      </Suspense>
    </Stack>
  );
}

function OwnActionMenu({ onAdd }: { onAdd: (kind: ActionKind) => void }) {
  const mayEdit = useCan('edit');
  const button = (
    <NeedButton need="edit" variant="default" leftSection={<IconPlus size={14} aria-hidden />}>
      Add an agent specific action
    </NeedButton>
  );
  if (!mayEdit) return button;
  return (
    <Menu position="bottom-end" width={320}>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        {KINDS.map(({ kind, label, does }) => (
          <Menu.Item key={kind} onClick={() => onAdd(kind)}>
            <Text size="sm" fw={500}>
              {label}
            </Text>
            <Text size="xs" c="dimmed">
              {does}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
