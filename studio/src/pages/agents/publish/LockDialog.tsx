import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { Schemas } from '~/api/client';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useDraft } from '../draft/useDraft';
import { useLock } from './useLock';

interface Props {
  agent: Schemas['Agent'];
  onClose: () => void;
  onPublish: (number: number) => void;
}

/** Save, and make the draft the next locked version. */
export function LockDialog({ agent, onClose, onPublish }: Props) {
  const desk = useDraft();
  const [notes, setNotes] = useState('');
  const lock = useLock(agent.id);
  function submit(event: FormEvent) {
    event.preventDefault();
    lock.mutate(notes.trim());
  }
  if (lock.data) {
    return (
      <Modal opened onClose={onClose} title={`Locked as v${lock.data.number}`}>
        <Stack>
          <Text>
            v{lock.data.number} can no longer be changed. New conversations still get{' '}
            {agent.published_version === null ? 'nothing' : `v${agent.published_version}`} until you publish
            it.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Button data-autofocus onClick={() => onPublish(lock.data.number)}>
              Publish v{lock.data.number}…
            </Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title="Save and lock a version">
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            {desk.dirty ? 'Your changes are saved, and the' : 'The'} draft becomes the next numbered version.
            It keeps instructions, states, links and overrides; shared actions stay live.
          </Text>
          <Textarea
            label="Notes"
            description="What changed, for anyone who reads the history."
            data-autofocus
            autosize
            minRows={2}
            maxLength={2000}
            value={notes}
            onChange={(event) => setNotes(event.currentTarget.value)}
          />
          <ProblemAlert error={lock.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={lock.isPending}>
              Lock version
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
