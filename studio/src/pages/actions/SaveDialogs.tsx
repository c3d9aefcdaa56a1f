import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { AffectedList } from '~/parts/AffectedList';
import { StatusBadge } from '~/parts/badges';
import { pointerWords } from '~/parts/form';
import { DiffView } from '~/parts/JsonView';
import type { SaveAction } from './useSaveAction';
import { type Action, conflictsOf, type Kind } from './values';

/** What stands between a press on Save and the save: who is affected, or somebody else's change. */
export function SaveDialogs({ save, base, kind }: { save: SaveAction; base: Action; kind: Kind }) {
  if (save.theirs) return <StaleDialog save={save} base={base} theirs={save.theirs} kind={kind} />;
  if (!save.report) return null;
  return (
    <Modal opened onClose={save.cancel} title="Who is affected by this change" size="xl">
      <Stack>
        <Text>
          A shared action is live: saving changes it for every agent below at once, also in running
          conversations.
        </Text>
        <Text size="sm">
          You change{' '}
          <b>
            {Object.keys(save.changes())
              .map((field) => pointerWords(field))
              .join(', ')}
          </b>
          .
        </Text>
        <AffectedList report={save.report} nobody="No agent links it." />
        <Group justify="flex-end">
          <Button variant="default" onClick={save.cancel} data-autofocus>
            Cancel
          </Button>
          <Button onClick={save.confirm} loading={save.pending} disabled={Boolean(save.report.refusal)}>
            Save for all of them
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

interface StaleProps {
  save: SaveAction;
  base: Action;
  theirs: Action;
  kind: Kind;
}

function StaleDialog({ save, base, theirs, kind }: StaleProps) {
  const conflicts = conflictsOf(kind, { ...base }, { ...theirs }, save.changes());
  const both = conflicts.filter((one) => 'mine' in one).length;
  return (
    <Modal opened onClose={save.cancel} title="Somebody else changed this action" size="xl">
      <Stack>
        <Text>
          {conflicts.length === 0
            ? 'The fields on this page have not changed; something else about the action has.'
            : both > 0
              ? 'You both changed the fields that are marked. Keeping yours leaves the rest of their change as it is.'
              : 'Your changes do not overlap: keeping yours leaves theirs as it is.'}
        </Text>
        <Stack gap="xs" mah={420} style={{ overflow: 'auto' }}>
          {conflicts.map((one) => (
            <div key={one.field}>
              <Group gap={6} mb={4}>
                <Text size="sm" fw={600}>
                  {pointerWords(one.field)}
                </Text>
                {'mine' in one && <StatusBadge tone="warn">you changed it too</StatusBadge>}
              </Group>
              <Text size="xs" c="dimmed">
                Theirs
              </Text>
              <DiffView before={one.before} after={one.theirs} label={`Their change of ${one.field}`} />
              {'mine' in one && (
                <>
                  <Text size="xs" c="dimmed" mt={4}>
                    Yours
                  </Text>
                  <DiffView before={one.before} after={one.mine} label={`Your change of ${one.field}`} />
                </>
              )}
            </div>
          ))}
        </Stack>
        <Group justify="flex-end">
          <Button variant="default" onClick={save.cancel} data-autofocus>
            Not now
          </Button>
          <Button variant="default" onClick={() => save.settle('theirs')}>
            Take theirs and drop mine
          </Button>
          <Button onClick={() => save.settle('mine')}>Put mine on top of theirs</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
