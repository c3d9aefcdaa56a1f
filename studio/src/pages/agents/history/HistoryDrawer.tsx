import { Button, Drawer, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { useCan } from '~/api/session';
import { StatusBadge } from '~/parts/badges';
import { EmptyState, ListState } from '~/parts/ListState';
import { matches, SearchField, searched } from '~/parts/SearchField';
import { RelativeTime } from '~/parts/time';
import { Who } from '~/parts/Who';
import { useDraft } from '../draft/useDraft';
import { PublishDialog } from '../publish/PublishDialog';
import { RestoreDialog } from './RestoreDialog';

type Version = Schemas['LockedVersion'];

interface Props {
  agent: Schemas['Agent'];
  onClose: () => void;
}

/** The locked versions, the newest first. */
export function HistoryDrawer({ agent, onClose }: Props) {
  const desk = useDraft();
  const [q, setQ] = useState<string>();
  const list = useList('/api/v1/agents/{id}/versions', {
    path: { id: agent.id },
    query: { document: false, ...searched(q) },
  });
  const shown = useMemo(() => list.items.filter((one) => matches(q, one.notes)), [list.items, q]);
  const [restoring, setRestoring] = useState<number>();
  const [publishing, setPublishing] = useState<number>();
  return (
    <Drawer opened onClose={onClose} position="right" size="md" title="History">
      <Stack>
        {list.items.length > 0 && (
          <Text size="sm" c="dimmed">
            {desk.restoredFrom === null
              ? 'The draft continues from these.'
              : `The draft was restored from v${desk.restoredFrom}.`}
          </Text>
        )}
        {(q || list.items.length > 0) && <SearchField label="Search notes" value={q} onChange={setQ} />}
        <ListState
          loading={list.loading}
          problem={list.problem}
          onRetry={list.retry}
          empty={shown.length === 0 && !list.more}
          whenEmpty={
            q ? (
              <EmptyState title="No version matches">No version has “{q}” in its notes.</EmptyState>
            ) : (
              <EmptyState title="No locked versions yet">
                Save &amp; lock version makes the draft v1. A locked version never changes; you publish one,
                compare two, or bring one back into the draft.
              </EmptyState>
            )
          }
        >
          <Stack gap="xs" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
            {shown.map((version) => (
              <VersionCard
                key={version.number}
                agent={agent}
                version={version}
                onRestore={() => setRestoring(version.number)}
                onPublish={() => setPublishing(version.number)}
              />
            ))}
          </Stack>
          {list.more && (
            <Button variant="default" loading={list.loadingMore} onClick={list.loadMore}>
              Load more
            </Button>
          )}
        </ListState>
      </Stack>
      {restoring !== undefined && (
        <RestoreDialog agentId={agent.id} number={restoring} onClose={() => setRestoring(undefined)} />
      )}
      {publishing !== undefined && (
        <PublishDialog agent={agent} number={publishing} onClose={() => setPublishing(undefined)} />
      )}
    </Drawer>
  );
}

interface CardProps {
  agent: Schemas['Agent'];
  version: Version;
  onRestore: () => void;
  onPublish: () => void;
}

function VersionCard({ agent, version, onRestore, onPublish }: CardProps) {
  const mayEdit = useCan('edit');
  const { number } = version;
  const params = { id: agent.id, number: String(number) };
  return (
    <Stack className="panel" p="sm" gap={6} component="li">
      <Group gap={6}>
        <Link to="/agents/$id/versions/$number" params={params} className="quiet-link">
          v{number}
        </Link>
        {version.published && <StatusBadge tone="good">published</StatusBadge>}
        {version.published && agent.drifted_links ? (
          <StatusBadge tone="warn">{`${agent.drifted_links} changed since`}</StatusBadge>
        ) : null}
      </Group>
      {version.notes && (
        <Text size="sm" className="wrap-anywhere" style={{ whiteSpace: 'pre-line' }}>
          {version.notes}
        </Text>
      )}
      <Text size="xs" c="dimmed">
        Locked <RelativeTime at={version.locked_at} /> by <Who id={version.locked_by} />
      </Text>
      <Group gap={6}>
        <Button
          component={Link}
          {...({ to: '/agents/$id/versions/$number', params } as object)}
          variant="default"
          size="compact-xs"
          aria-label={`View v${number}`}
        >
          View
        </Button>
        <Button
          component={Link}
          {...({ to: '/agents/$id/versions/$number', params, search: { compare: 'draft' } } as object)}
          variant="default"
          size="compact-xs"
          aria-label={`Compare v${number} with the draft`}
        >
          Compare
        </Button>
        {mayEdit && (
          <>
            <Button variant="default" size="compact-xs" onClick={onRestore} aria-label={`Restore v${number}`}>
              Restore
            </Button>
            {!version.published && (
              <Button
                variant="default"
                size="compact-xs"
                onClick={onPublish}
                aria-label={`Publish v${number}`}
              >
                Publish
              </Button>
            )}
          </>
        )}
      </Group>
    </Stack>
  );
}
