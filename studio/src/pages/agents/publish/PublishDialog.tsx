import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '~/api/client';
import { Problem } from '~/api/problem';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { BlockedView } from './BlockedView';
import { DraftPublish } from './DraftPublish';
import { PublishedView } from './PublishedView';
import { isBlocked } from './refusal';
import { usePublish } from './usePublish';

interface Props {
  agent: Schemas['Agent'];
  /** Publish this locked version; without it, the draft. */
  number?: number;
  onClose: () => void;
}

/** Make the draft, or a locked version, the one that new conversations get. */
export function PublishDialog({ agent, number, onClose }: Props) {
  if (number === undefined) return <DraftPublish agent={agent} onClose={onClose} />;
  return <VersionPublish agent={agent} number={number} onClose={onClose} />;
}

function VersionPublish({ agent, number, onClose }: Required<Props>) {
  const publish = usePublish(agent);
  const [draft, setDraft] = useState(false);
  if (draft) return <DraftPublish agent={agent} onClose={onClose} />;
  if (publish.data) return <PublishedView version={publish.data} onClose={onClose} />;
  if (publish.error instanceof Problem && isBlocked(publish.error)) {
    return (
      <BlockedView
        agent={agent}
        number={number}
        refusal={publish.error}
        onDraft={() => setDraft(true)}
        onClose={onClose}
      />
    );
  }
  return (
    <Modal opened onClose={onClose} title={`Publish v${number}`} size="lg">
      <Stack>
        <Text size="sm">
          New conversations get the published version.{' '}
          {agent.published_version === null
            ? 'None is published now.'
            : `Now that is v${agent.published_version}; running conversations stay on their version.`}
        </Text>
        <ProblemAlert error={publish.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button data-autofocus loading={publish.isPending} onClick={() => publish.mutate(number)}>
            Publish v{number}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
