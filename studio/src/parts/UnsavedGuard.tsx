import { Button, Group, Modal, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';

interface Props {
  /** There is something typed that is not saved. */
  when: boolean;
  /** Moves to addresses that start with this are free, e.g. `/agents/agt_1`. Tabs of the same page always are. */
  within?: string;
  /** Somebody leaves and knows that it gets lost. */
  onLeave?: () => void;
}

/** Asks before what was typed is left behind, in the app and when the window closes. */
export function UnsavedGuard({ when, within, onLeave }: Props) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      when && current.pathname !== next.pathname && !(within && next.pathname.startsWith(within)),
    enableBeforeUnload: () => when,
    withResolver: true,
  });
  if (blocker.status !== 'blocked') return null;
  return (
    <Modal opened onClose={blocker.reset} title="Leave without saving?">
      <Text>What you changed on this page is not saved yet.</Text>
      <Group justify="flex-end" mt="md">
        <Button
          variant="default"
          color="red"
          onClick={() => {
            onLeave?.();
            blocker.proceed();
          }}
        >
          Leave and lose it
        </Button>
        <Button onClick={blocker.reset} data-autofocus>
          Stay
        </Button>
      </Group>
    </Modal>
  );
}
