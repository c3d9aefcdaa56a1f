import { Button, Group, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { lazy, Suspense } from 'react';
import { useCan } from '~/api/session';
import { ProblemAlert } from '~/parts/ProblemAlert';
import type { BindingValues } from '../draft/model';
import { useRepairs } from './useRepairs';

const PickActions = lazy(() => import('./PickActions').then((m) => ({ default: m.PickActions })));

interface Props {
  binding: BindingValues;
  /** What the link was called. */
  name: string;
  /** The action still exists, under another integration. */
  moved: boolean;
  /** What removing is called here. */
  removeLabel?: string;
}

/** The two ways to mend a broken link: link again, or remove. */
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
          <PickActions
            title={`Link another action in place of ${name}`}
            single
            confirm="Link it"
            onClose={pick.close}
            onPick={([action]) => {
              pick.close();
              if (action) repairs.relink.mutate(action.id);
            }}
          />
        )}
      </Suspense>
    </Stack>
  );
}
