import { Button, Collapse, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { StatusBadge, type Tone } from '~/parts/badges';
import { pointerWords } from '~/parts/form';
import { DiffView } from '~/parts/JsonView';
import { EmptyState, ListState } from '~/parts/ListState';
import { RelativeTime } from '~/parts/time';
import { Who } from '~/parts/Who';

type Revision = Schemas['Revision'];

const TONE: Record<Revision['change'], Tone> = {
  created: 'good',
  updated: 'info',
  moved: 'warn',
  deleted: 'bad',
  undeleted: 'good',
  approved: 'good',
};

/** What the action was before, who changed it, and when. */
export function RevisionsTab({ id }: { id: string }) {
  const list = useList('/api/v1/actions/{id}/revisions', { path: { id } });
  return (
    <ListState
      loading={list.loading}
      problem={list.problem}
      onRetry={list.retry}
      empty={list.items.length === 0}
      whenEmpty={<EmptyState title="No revisions">Each change of the action will be listed here.</EmptyState>}
    >
      <Stack gap={0} className="panel" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
        {list.items.map((one) => (
          <RevisionRow key={one.revision} revision={one} />
        ))}
      </Stack>
      {list.more && (
        <Group justify="center" mt="sm">
          <Button variant="default" loading={list.loadingMore} onClick={list.loadMore}>
            Load more
          </Button>
        </Group>
      )}
    </ListState>
  );
}

function RevisionRow({ revision }: { revision: Revision }) {
  const [open, toggle] = useDisclosure(false);
  const fields = revision.fields;
  return (
    <Stack component="li" gap={6} p="sm" style={{ borderBlockEnd: '1px solid var(--sb-line)' }}>
      <Group gap="xs">
        <Text fw={600}>Revision {revision.revision}</Text>
        <StatusBadge tone={TONE[revision.change]}>{revision.change}</StatusBadge>
        <Text c="dimmed" size="sm">
          <RelativeTime at={revision.at} /> by <Who id={revision.by} />
        </Text>
        {fields.length > 0 && (
          <Button variant="subtle" size="compact-xs" ml="auto" aria-expanded={open} onClick={toggle.toggle}>
            {open ? 'Hide' : 'Show'} {fields.length === 1 ? '1 difference' : `${fields.length} differences`}
          </Button>
        )}
      </Group>
      {fields.length > 0 && !open && (
        <Text size="xs" c="dimmed">
          {fields.map((one) => pointerWords(one.field)).join(', ')}
        </Text>
      )}
      <Collapse expanded={open}>
        <Stack gap="xs">
          {open &&
            fields.map((one) => (
              <div key={one.field}>
                <Text size="sm" fw={500} mb={4}>
                  {pointerWords(one.field)}
                </Text>
                <DiffView
                  before={one.before}
                  after={one.after}
                  label={`${pointerWords(one.field)} before and after revision ${revision.revision}`}
                />
              </div>
            ))}
        </Stack>
      </Collapse>
    </Stack>
  );
}
