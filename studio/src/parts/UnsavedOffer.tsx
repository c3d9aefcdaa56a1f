import { Alert, Button, Group } from '@mantine/core';
import { RelativeTime } from './time';

interface Props {
  at: string;
  onRestore: () => void;
  onDiscard: () => void;
}

/** What was typed before the page was loaded again, to be put back. */
export function UnsavedOffer({ at, onRestore, onDiscard }: Props) {
  return (
    <Alert
      color="blue"
      variant="light"
      role="status"
      title={
        <>
          You have unsaved changes from <RelativeTime at={at} />
        </>
      }
    >
      <Group gap="xs">
        <Button variant="default" onClick={onRestore}>
          Restore
        </Button>
        <Button variant="subtle" color="gray" onClick={onDiscard}>
          Discard
        </Button>
      </Group>
    </Alert>
  );
}
