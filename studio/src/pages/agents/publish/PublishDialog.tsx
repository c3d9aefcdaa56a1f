import { Button, Group, Modal, Radio, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '~/api/client';
import { Problem } from '~/api/problem';
import { StatusBadge } from '~/parts/badges';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { RelativeTime } from '~/parts/time';
import { useDraft } from '../draft/useDraft';
import { BlockedView } from './BlockedView';
import { PublishedView } from './PublishedView';
import { isBlocked } from './refusal';
import { useLatestVersion } from './useLatestVersion';
import { useLock } from './useLock';
import { usePublish } from './usePublish';

interface Props {
  agent: Schemas['Agent'];
  /** Publish this one; without it the person chooses between the draft and the last locked version. */
  number?: number;
  onClose: () => void;
}

/** Make a locked version live; locks the draft first when that is what is wanted. */
export function PublishDialog({ agent, number, onClose }: Props) {
  const desk = useDraft();
  const latest = useLatestVersion(agent.id);
  const lock = useLock(agent.id);
  const publish = usePublish(agent);
  const [notes, setNotes] = useState('');
  const [chosen, setChosen] = useState<'draft' | 'latest'>();
  const next = (latest.version?.number ?? 0) + 1;
  const draftIsNew = !latest.version || desk.dirty || !latest.sameAsDraft;
  const choice = chosen ?? (draftIsNew ? 'draft' : 'latest');

  async function lockAndPublish(text: string) {
    const locked = await lock.mutateAsync(text).catch(() => undefined);
    if (locked) publish.mutate(locked.number);
  }
  function go() {
    if (number !== undefined) publish.mutate(number);
    else if (choice === 'latest' && latest.version) publish.mutate(latest.version.number);
    else void lockAndPublish(notes.trim());
  }

  if (publish.data) return <PublishedView version={publish.data} onClose={onClose} />;
  const refusal = publish.error instanceof Problem && isBlocked(publish.error) ? publish.error : undefined;
  if (refusal) {
    return (
      <BlockedView
        agent={agent}
        number={publish.variables ?? 0}
        refusal={refusal}
        next={next}
        working={lock.isPending || publish.isPending}
        error={lock.error}
        onAgain={(text) => void lockAndPublish(text)}
        onClose={onClose}
      />
    );
  }
  return (
    <Modal opened onClose={onClose} title={number === undefined ? 'Publish' : `Publish v${number}`} size="lg">
      <Stack>
        <Text size="sm">
          New conversations get the published version.{' '}
          {agent.published_version === null
            ? 'None is published now.'
            : `Now that is v${agent.published_version}; conversations that run stay on theirs.`}
        </Text>
        {number === undefined && latest.loading && <LoadingRows rows={2} />}
        <ProblemAlert error={latest.error} />
        {number === undefined && !latest.loading && (
          <Radio.Group
            value={choice}
            onChange={(value) => setChosen(value as 'draft' | 'latest')}
            label="Publish"
          >
            <Stack gap="xs" mt={6}>
              <Radio
                value="draft"
                label={`The draft, locked as v${next}`}
                description={
                  draftIsNew ? 'It has changes that no version has.' : `It is the same as v${next - 1}.`
                }
              />
              {latest.version && (
                <Radio
                  value="latest"
                  label={
                    <Group gap={6}>
                      {`v${latest.version.number}, the last locked version`}
                      {latest.version.published && <StatusBadge tone="good">published</StatusBadge>}
                    </Group>
                  }
                  description={
                    <>
                      {latest.version.notes && `${latest.version.notes} · `}
                      <RelativeTime at={latest.version.locked_at} />
                    </>
                  }
                />
              )}
            </Stack>
          </Radio.Group>
        )}
        {number === undefined && choice === 'draft' && (
          <Textarea
            label="Notes"
            description="What changed, for those who look at the history."
            autosize
            minRows={2}
            value={notes}
            onChange={(event) => setNotes(event.currentTarget.value)}
          />
        )}
        <ProblemAlert error={lock.error ?? publish.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            data-autofocus
            loading={lock.isPending || publish.isPending}
            disabled={number === undefined && latest.loading}
            onClick={go}
          >
            {number !== undefined
              ? `Publish v${number}`
              : choice === 'draft'
                ? `Lock and publish v${next}`
                : `Publish v${latest.version?.number}`}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
