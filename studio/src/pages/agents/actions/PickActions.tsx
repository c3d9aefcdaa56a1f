import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useList } from '~/api/list';
import { EmptyState, ListState } from '~/parts/ListState';
import { matches, SearchField } from '~/parts/SearchField';
import { ActionChoices } from './ActionChoices';
import { type Action, useIntegrations } from './useLinked';

interface Props {
  title: string;
  /** Choose one only. */
  single?: boolean;
  confirm: string;
  /** Actions that the agent links already. */
  linked?: ReadonlySet<string>;
  /** Names that the agent's actions have already. */
  taken?: ReadonlySet<string>;
  onPick: (actions: Action[]) => void;
  onClose: () => void;
}

/** Pick an integration, then actions of it. What is picked stays picked while other integrations are looked at. */
export function PickActions({ title, single = false, confirm, linked, taken, onPick, onClose }: Props) {
  const { list } = useIntegrations();
  const useful = useMemo(() => list.items.filter((one) => one.action_count > 0), [list.items]);
  const [wanted, setWanted] = useState<string>();
  const integration = useful.find((one) => one.id === wanted) ?? useful[0];
  const [q, setQ] = useState<string>();
  const [picked, setPicked] = useState<readonly Action[]>([]);
  const actions = useList('/api/v1/integrations/{id}/actions', {
    path: { id: integration?.id ?? '' },
    query: { limit: 200 },
    all: true,
    enabled: integration !== undefined,
  });
  const shown = useMemo(
    () => actions.items.filter((one) => matches(q, one.name, one.description, 'path' in one ? one.path : '')),
    [actions.items, q],
  );
  function toggle(action: Action) {
    setPicked((now) => {
      if (now.some((one) => one.id === action.id)) return now.filter((one) => one.id !== action.id);
      return single ? [action] : [...now, action];
    });
  }
  return (
    <Modal opened onClose={onClose} title={title} size="lg">
      <Stack>
        <ListState
          loading={list.loading}
          problem={list.problem}
          onRetry={list.retry}
          empty={useful.length === 0}
          whenEmpty={
            <EmptyState title="No shared actions yet">
              Shared actions live under an integration. Add an integration and an action to it first, or add
              an agent specific action.
            </EmptyState>
          }
        >
          <Group align="flex-end" gap="xs">
            <Select
              size="xs"
              label="Integration"
              style={{ flex: '1 1 200px' }}
              data={useful.map((one) => ({ value: one.id, label: `${one.name} (${one.action_count})` }))}
              value={integration?.id ?? null}
              onChange={(id) => {
                setWanted(id ?? undefined);
                setQ(undefined);
              }}
              searchable
              allowDeselect={false}
              nothingFoundMessage="No integration has that name"
            />
            <SearchField label="Search its actions" value={q} onChange={setQ} />
          </Group>
          <ListState
            loading={actions.loading}
            problem={actions.problem}
            onRetry={actions.retry}
            empty={shown.length === 0 && !actions.more}
            whenEmpty={
              <Text c="dimmed" ta="center" py="md">
                {q ? `No action of ${integration?.name} matches “${q}”.` : 'It has no actions.'}
              </Text>
            }
          >
            <ActionChoices
              actions={shown}
              single={single}
              picked={picked}
              onToggle={toggle}
              note={(action) =>
                linked?.has(action.id)
                  ? 'linked already'
                  : taken?.has(action.name)
                    ? 'another action of the agent has this name'
                    : undefined
              }
            />
            <Text size="xs" c="dimmed" role="status">
              {shown.length.toLocaleString()} {shown.length === 1 ? 'action' : 'actions'}
              {actions.more ? ', loading more…' : ''}
            </Text>
          </ListState>
        </ListState>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button disabled={picked.length === 0} onClick={() => onPick([...picked])}>
            {single || picked.length === 0 ? confirm : `${confirm} (${picked.length})`}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
