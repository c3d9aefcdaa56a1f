import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { problemOf } from '~/api/problem';
import { DiffView } from './JsonView';
import { LoadingRows } from './ListState';
import { ProblemAlert } from './ProblemAlert';

interface Props<T> {
  /** The error of the save; without a 412 it is shown as any other. */
  error: unknown;
  /** Reads what is there now. */
  loadTheirs: () => Promise<T>;
  /** What of it is compared. */
  view: (theirs: T) => unknown;
  mine: unknown;
  /** Forget what was typed and start from theirs. */
  onTake: (theirs: T) => void;
  /** Save mine over theirs. */
  onKeep: (theirs: T) => void;
}

/** The error of a save; when somebody else was quicker, their change as a difference and a choice. */
export function ConflictAlert<T>({ error, ...choice }: Props<T>) {
  const [open, dialog] = useDisclosure(false);
  if (!error) return null;
  if (!problemOf(error).isStale) return <ProblemAlert error={error} />;
  return (
    <>
      <ProblemAlert error={error}>
        <Button variant="default" onClick={dialog.open}>
          Show the difference
        </Button>
      </ProblemAlert>
      {open && <ConflictDialog {...choice} onClose={dialog.close} />}
    </>
  );
}

function ConflictDialog<T>(props: Omit<Props<T>, 'error'> & { onClose: () => void }) {
  const theirs = useQuery({
    queryKey: ['conflict'],
    queryFn: async () => ({ value: await props.loadTheirs() }),
    gcTime: 0,
    staleTime: 0,
  });
  const found = theirs.data?.value as T | undefined;
  const choose = (then: (value: T) => void) => () => {
    if (found === undefined) return;
    props.onClose();
    then(found);
  };
  return (
    <Modal opened onClose={props.onClose} title="Theirs and yours" size="xl">
      <Stack>
        <Text>
          Lines with a minus are what somebody else saved, lines with a plus are what you have on this page.
        </Text>
        {theirs.isPending && <LoadingRows />}
        <ProblemAlert error={theirs.error} onRetry={() => void theirs.refetch()} />
        {found !== undefined && (
          <DiffView before={props.view(found)} after={props.mine} label="Theirs against yours" />
        )}
        <Group justify="flex-end">
          <Button variant="default" disabled={found === undefined} onClick={choose(props.onTake)}>
            Take theirs, drop mine
          </Button>
          <Button disabled={found === undefined} onClick={choose(props.onKeep)}>
            Save mine over theirs
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
