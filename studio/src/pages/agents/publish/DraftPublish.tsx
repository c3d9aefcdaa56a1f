import { Button, Checkbox, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '~/api/client';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { useDraft } from '../draft/useDraft';
import { PublishedView } from './PublishedView';
import { ReviewView } from './ReviewView';
import { usePublishDraft, useReview, useSaveForReview } from './usePublishDraft';

/** Publish the draft: first what there is to know of it, then one request that locks and publishes it. */
export function DraftPublish({ agent, onClose }: { agent: Schemas['Agent']; onClose: () => void }) {
  const desk = useDraft();
  const save = useSaveForReview();
  const review = useReview(agent.id);
  const publish = usePublishDraft(agent.id);
  const [notes, setNotes] = useState('');
  const [accepted, setAccepted] = useState('');
  if (publish.data) return <PublishedView version={publish.data} onClose={onClose} />;

  const found = desk.dirty ? undefined : review.data;
  const blocked = found?.findings.some((one) => one.severity === 'blocks') ?? false;
  const toAccept = found?.findings.filter((one) => one.severity === 'needs_accept') ?? [];
  // What is accepted is what was shown: another finding asks again.
  const shown = toAccept.map((one) => one.detail).join('\n');
  const isAccepted = toAccept.length === 0 || accepted === shown;
  const isNew = found?.locks || notes.trim() !== '';
  const number = found && isNew && !found.locks ? found.number + 1 : found?.number;
  const codes = [...new Set(toAccept.map((one) => one.code))];
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={blocked ? `v${found?.number} cannot be published yet` : 'Publish'}
    >
      <Stack>
        <Text size="sm">
          New conversations get the published version.{' '}
          {agent.published_version === null
            ? 'None is published now.'
            : `Now that is v${agent.published_version}; running conversations stay on their version.`}
        </Text>
        {desk.dirty && (
          <Text size="sm">
            The draft has changes that are not saved. Save them to see what publishing it means.
          </Text>
        )}
        <ProblemAlert error={save.error ?? review.error ?? publish.error} />
        {!desk.dirty && review.isPending && <LoadingRows rows={3} />}
        {found && <ReviewView agent={agent} review={found} onClose={onClose} />}
        {found && !blocked && toAccept.length > 0 && (
          <Checkbox
            label="I know, publish it anyway"
            checked={isAccepted}
            onChange={(event) => setAccepted(event.currentTarget.checked ? shown : '')}
          />
        )}
        {found && (
          <Textarea
            label="Notes"
            description={
              found.locks
                ? 'What changed, for anyone who reads the history.'
                : `The draft is the same as v${found.number}. With notes it is locked again.`
            }
            autosize
            minRows={2}
            value={notes}
            onChange={(event) => setNotes(event.currentTarget.value)}
          />
        )}
        <Group justify="flex-end">
          {/* Something of the dialog has the focus from the start: the other button waits for the review. */}
          <Button variant="default" data-autofocus={desk.dirty ? undefined : true} onClick={onClose}>
            Cancel
          </Button>
          {desk.dirty ? (
            <Button data-autofocus loading={save.isPending} onClick={() => save.mutate()}>
              Save and review
            </Button>
          ) : (
            <Button
              loading={publish.isPending || review.isPending}
              disabled={!found || blocked || !isAccepted}
              onClick={() => publish.mutate({ notes: notes.trim(), accept: codes })}
            >
              {isNew ? `Lock and publish v${number ?? ''}` : `Publish v${number ?? ''}`}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
