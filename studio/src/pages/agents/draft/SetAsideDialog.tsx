import { Button, Group, Modal, Stack } from '@mantine/core';
import { DraftDifference } from './DraftDifference';
import { useDraft } from './useDraft';

/** What was typed and set aside, against what the form has now. */
export function SetAsideDialog({ onClose }: { onClose: () => void }) {
  const { values, setAside, putBack, readOnly } = useDraft();
  if (!setAside) return null;
  return (
    <Modal opened onClose={onClose} size="xl" title="What you had typed, compared with the draft now">
      <Stack>
        <DraftDifference before={values} after={setAside.values} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          {!readOnly && (
            <Button
              onClick={() => {
                putBack();
                onClose();
              }}
            >
              Put it back into the form
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
