import { Button, Group } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { problemOf } from '~/api/problem';
import { queryClient } from '~/api/queryClient';

/** Says that a thing is gone, with a button that brings it back while it is shown. */
export function offerUndo(message: string, undo: () => Promise<unknown>): void {
  const id = notifications.show({
    autoClose: 12_000,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <span>{message}</span>
        <Button
          variant="default"
          size="compact-xs"
          onClick={() => {
            notifications.hide(id);
            undo()
              .then(() => queryClient.invalidateQueries())
              .catch((error: unknown) => {
                notifications.show({ color: 'red', message: problemOf(error).message });
              });
          }}
        >
          Undo
        </Button>
      </Group>
    ),
  });
}
