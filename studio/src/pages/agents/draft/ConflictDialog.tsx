import { Alert, Button, Group, Modal, Stack, Tabs, Text } from '@mantine/core';
import { DraftDifference } from './DraftDifference';
import { useDraft } from './useDraft';

/** Somebody else's change of the draft beside mine, and the choice between the two. */
export function ConflictDialog({ onClose }: { onClose: () => void }) {
  const { base, values, theirs, merged, takeTheirs, keepMine } = useDraft();
  if (!theirs || !merged) return null;
  const both = merged.conflicts.map((one) => one.place);
  return (
    <Modal opened onClose={onClose} size="xl" title="Somebody else changed this draft">
      <Stack>
        <Tabs defaultValue="theirs" keepMounted={false}>
          <Tabs.List mb="sm">
            <Tabs.Tab value="theirs">What they changed</Tabs.Tab>
            <Tabs.Tab value="mine">What you changed</Tabs.Tab>
            <Tabs.Tab value="result">Yours on top of theirs</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="theirs">
            <DraftDifference before={base} after={theirs} nothing="They saved without a change." />
          </Tabs.Panel>
          <Tabs.Panel value="mine">
            <DraftDifference before={base} after={values} />
          </Tabs.Panel>
          <Tabs.Panel value="result">
            <DraftDifference before={theirs} after={merged.values} nothing="Both made the same change." />
          </Tabs.Panel>
        </Tabs>
        {both.length > 0 && (
          <Alert color="yellow" variant="light" title="You both changed the same">
            {placeWords(both)}. If you keep yours, their text there is replaced when you save; theirs
            everywhere else stays.
          </Alert>
        )}
        <Text size="sm" c="dimmed">
          Nothing is saved by this choice. If you take theirs, what you typed is set aside and can be put
          back.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Decide later
          </Button>
          <Button
            variant="default"
            onClick={() => {
              takeTheirs();
              onClose();
            }}
          >
            Take theirs
          </Button>
          <Button
            onClick={() => {
              keepMine();
              onClose();
            }}
          >
            Keep mine on top
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function placeWords(places: readonly string[]): string {
  const words = places.map((place) => (/^Action (bnd_|new-)/.test(place) ? 'an action' : place));
  return [...new Set(words)].join(', ');
}
