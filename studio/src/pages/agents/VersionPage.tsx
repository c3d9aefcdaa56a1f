import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { $api } from '~/api/client';
import { useList } from '~/api/list';
import { StatusBadge } from '~/parts/badges';
import { LoadingRows } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { RelativeTime } from '~/parts/time';
import { Who } from '~/parts/Who';
import { DraftDifference } from './draft/DraftDifference';
import { valuesOf } from './draft/model';
import { useDraft } from './draft/useDraft';
import { DocumentView } from './history/DocumentView';
import { RestoreDialog } from './history/RestoreDialog';
import { VersionDrift } from './history/VersionDrift';
import { PublishDialog } from './publish/PublishDialog';

const route = getRouteApi('/app/agents/$id/versions/$number');

/** A locked version to read, or compared with another one or the draft. */
export function VersionPage() {
  const { id, number: text } = route.useParams();
  const { compare } = route.useSearch();
  const navigate = route.useNavigate();
  const number = Number(text);
  const agent = $api.useQuery('get', '/api/v1/agents/{id}', { params: { path: { id } } });
  const version = useVersion(id, number);
  const list = useList('/api/v1/agents/{id}/versions', {
    path: { id },
    query: { document: false },
    all: true,
  });
  const [dialog, setDialog] = useState<'restore' | 'publish'>();
  const data = version.data;
  const others = list.items.filter((one) => one.number !== number);
  return (
    <div className="page">
      <PageHeader
        title={`Version ${text}`}
        crumbs={[
          <Link key="agents" to="/agents">
            Agents
          </Link>,
          <Link key="agent" to="/agents/$id" params={{ id }}>
            {agent.data?.name ?? 'Agent'}
          </Link>,
          <Link key="history" to="/agents/$id" params={{ id }} search={{ panel: 'history' }}>
            History
          </Link>,
        ]}
        badges={data?.published && <StatusBadge tone="good">published</StatusBadge>}
        description={
          data && (
            <>
              {data.notes && `${data.notes} · `}
              Locked <RelativeTime at={data.locked_at} /> by <Who id={data.locked_by} />
            </>
          )
        }
        actions={
          data && (
            <>
              <NeedButton need="edit" variant="default" onClick={() => setDialog('restore')}>
                Restore…
              </NeedButton>
              {!data.published && (
                <NeedButton need="edit" onClick={() => setDialog('publish')}>
                  Publish…
                </NeedButton>
              )}
            </>
          )
        }
      />
      <ProblemAlert error={version.error} onRetry={() => void version.refetch()} />
      {version.isPending && <LoadingRows />}
      {data?.document && (
        <Stack>
          <Group gap="xs" align="flex-end">
            <NativeSelect
              size="xs"
              label="Compare with"
              value={compare ?? ''}
              onChange={(event) => {
                const value = event.currentTarget.value;
                void navigate({ search: value ? { compare: value } : {}, replace: true });
              }}
              data={[
                { value: '', label: 'nothing: show this version' },
                { value: 'draft', label: 'the draft' },
                ...others.map((one) => ({ value: String(one.number), label: `v${one.number}` })),
              ]}
            />
            {compare && (
              <Button
                variant="subtle"
                color="gray"
                onClick={() => void navigate({ search: {}, replace: true })}
              >
                Stop comparing
              </Button>
            )}
          </Group>
          {compare ? (
            <Comparing id={id} number={number} document={data.document} with={compare} />
          ) : (
            <>
              <VersionDrift id={id} number={number} published={data.published} />
              <DocumentView values={valuesOf(data.document)} />
            </>
          )}
        </Stack>
      )}
      {dialog === 'restore' && (
        <RestoreDialog agentId={id} number={number} onClose={() => setDialog(undefined)} />
      )}
      {dialog === 'publish' && agent.data && (
        <PublishDialog agent={agent.data} number={number} onClose={() => setDialog(undefined)} />
      )}
    </div>
  );
}

function useVersion(id: string, number: number, enabled = true) {
  return $api.useQuery(
    'get',
    '/api/v1/agents/{id}/versions/{number}',
    { params: { path: { id, number } } },
    { enabled, staleTime: 60_000 },
  );
}

interface ComparingProps {
  id: string;
  number: number;
  document: Parameters<typeof valuesOf>[0];
  with: string;
}

/** The older on the left, whatever was opened first; the draft is the newest. */
function Comparing({ id, number, document, with: other }: ComparingProps) {
  const { values } = useDraft();
  const isDraft = other === 'draft';
  const version = useVersion(id, Number(other), !isDraft);
  const here = valuesOf(document);
  if (!isDraft && version.error) return <ProblemAlert error={version.error} />;
  const there = isDraft ? values : version.data?.document && valuesOf(version.data.document);
  if (!there) return <LoadingRows />;
  const older = isDraft || number < Number(other);
  const names = [`v${number}`, isDraft ? 'the draft' : `v${other}`];
  if (!older) names.reverse();
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        From {names[0]} to {names[1]}. Shared actions are live and not part of a version.
      </Text>
      <DraftDifference before={older ? here : there} after={older ? there : here} />
    </Stack>
  );
}
