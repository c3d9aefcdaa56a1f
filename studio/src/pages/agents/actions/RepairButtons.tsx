import { Button, Group, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { lazy, Suspense } from 'react';
import { chunk } from '~/api/chunk';
import { useCan } from '~/api/session';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { nameOf } from '../draft/differences';
import type { BindingValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { type Action, useBindingNames } from './useLinked';
import { useRepairs } from './useRepairs';

const PickActions = lazy(() =>
  chunk(() => import('./PickActions').then((m) => ({ default: m.PickActions }))),
);

interface Props {
  binding: BindingValues;
  /** What the link was called. */
  name: string;
  /** The action still exists, under another integration. */
  moved: boolean;
  /** What removing is called here. */
  removeLabel?: string;
}

/** The two ways to fix a broken link: link again, or remove. */
export function RepairButtons({ binding, name, moved, removeLabel = 'Remove' }: Props) {
  const mayEdit = useCan('edit');
  const repairs = useRepairs(binding);
  const [picking, pick] = useDisclosure(false);
  if (!mayEdit) return null;
  return (
    <Stack gap={4}>
      <Group gap="xs">
        {moved && (
          <Button
            variant="default"
            size="compact-sm"
            loading={repairs.relink.isPending}
            onClick={() => repairs.relink.mutate(undefined)}
            aria-label={`Link it where it is now: ${name}`}
          >
            Link it where it is now
          </Button>
        )}
        <Button
          variant="default"
          size="compact-sm"
          disabled={repairs.busy}
          onClick={pick.open}
          aria-label={`Relink… ${name}`}
        >
          Relink…
        </Button>
        <Button
          variant="default"
          size="compact-sm"
          color="red"
          loading={repairs.remove.isPending}
          onClick={() => repairs.remove.mutate()}
          aria-label={`${removeLabel} ${name}`}
        >
          {removeLabel}
        </Button>
      </Group>
      <ProblemAlert error={repairs.error} />
      <Suspense>
        {picking && (
          <PickAnother
            binding={binding}
            name={name}
            onClose={pick.close}
            onPick={(action) => {
              pick.close();
              repairs.relink.mutate(action.id);
            }}
          />
        )}
      </Suspense>
    </Stack>
  );
}

interface PickProps {
  binding: BindingValues;
  name: string;
  onPick: (action: Action) => void;
  onClose: () => void;
}

/** Another action for a link; not one that the agent has already. */
function PickAnother({ binding, name, onPick, onClose }: PickProps) {
  const { values } = useDraft();
  const others = values.actions.filter((one) => one.key !== binding.key);
  const names = useBindingNames(others);
  return (
    <PickActions
      title={`Link another action in place of ${name}`}
      single
      confirm="Link it"
      linked={new Set(others.flatMap((one) => (one.link ? [one.link.action_id] : [])))}
      taken={new Set(others.map((one) => nameOf(one, names)))}
      onClose={onClose}
      onPick={([action]) => {
        if (action) onPick(action);
      }}
    />
  );
}
