import './overview.css';
import {
  Group,
  NativeSelect,
  SegmentedControl,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { keepPreviousData } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense, useMemo } from 'react';
import { chunk } from '~/api/chunk';
import { $api, type Schemas } from '~/api/client';
import { ENVIRONMENT_LABEL, ENVIRONMENTS } from '~/parts/environments';
import { EmptyState, LoadingRows } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ActionTable } from './ActionTable';
import { Drift, MissingSecrets } from './Attention';
import { boundsOf, RANGE_LABEL, RANGES, type Range } from './range';
import { roomWords } from './room';
import { percent, totalsOf } from './scale';

const CallsChart = lazy(() => chunk(() => import('./CallsChart')));
const LatencyChart = lazy(() => chunk(() => import('./LatencyChart')));
const route = getRouteApi('/app/overview');

/** How calls go, and what needs attention. */
export function OverviewPage() {
  const { range = '24h', environment } = route.useSearch();
  const navigate = route.useNavigate();
  const bounds = useMemo(() => boundsOf(range, Date.now()), [range]);
  const { data, error, refetch } = $api.useQuery(
    'get',
    '/api/v1/overview',
    { params: { query: { ...bounds, ...(environment ? { environment } : {}) } } },
    { placeholderData: keepPreviousData, staleTime: 30_000 },
  );
  return (
    <div className="page">
      <PageHeader
        title="Overview"
        description="How calls of actions go, and what needs attention."
        actions={
          <>
            <NativeSelect
              size="xs"
              aria-label="Environment"
              data={[
                { value: '', label: 'All environments' },
                ...ENVIRONMENTS.map((one) => ({ value: one, label: ENVIRONMENT_LABEL[one] })),
              ]}
              value={environment ?? ''}
              onChange={(event) => {
                const next = ENVIRONMENTS.find((one) => one === event.currentTarget.value);
                void navigate({
                  search: ({ environment: _, ...rest }) => ({
                    ...rest,
                    ...(next ? { environment: next } : {}),
                  }),
                });
              }}
            />
            <SegmentedControl
              size="xs"
              aria-label="Time"
              data={RANGES.map((one) => ({ value: one, label: one }))}
              value={range}
              onChange={(next) => void navigate({ search: (now) => ({ ...now, range: next as Range }) })}
            />
          </>
        }
      />
      {error ? (
        <ProblemAlert error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <Figures overview={data} range={range} />
      ) : (
        <LoadingRows />
      )}
    </div>
  );
}

function Figures({ overview, range }: { overview: Schemas['Overview']; range: Range }) {
  const totals = totalsOf(overview.buckets);
  const day = range === '7d' || range === '30d';
  const nothing = totals.calls + totals.refused === 0;
  return (
    <Stack gap="xl">
      <Stack gap="sm" component="section" aria-labelledby="calls">
        <Title order={2} id="calls">
          Calls, {RANGE_LABEL[range].toLowerCase()}
        </Title>
        {nothing ? (
          <EmptyState title="No calls in this time">
            Calls appear here as soon as a runtime, or you in an agent’s Playground, makes some.{' '}
            <Link to="/agents">Choose an agent</Link>, or choose a longer time.
          </EmptyState>
        ) : (
          <>
            <Group gap="xl">
              <Figure label="calls" value={totals.calls.toLocaleString()} />
              <Figure
                label="failed"
                value={totals.failed.toLocaleString()}
                more={percent(totals.failed, totals.calls)}
              />
              <Figure label="refused before they were made" value={totals.refused.toLocaleString()} />
              <Link to="/conversations">Conversations</Link>
            </Group>
            <Suspense fallback={<Skeleton height={210} />}>
              <CallsChart buckets={overview.buckets} day={day} />
            </Suspense>
            <Title order={3}>How long they took</Title>
            <Suspense fallback={<Skeleton height={210} />}>
              <LatencyChart buckets={overview.buckets} day={day} />
            </Suspense>
          </>
        )}
      </Stack>
      {overview.actions.length > 0 && <ActionTable actions={overview.actions} />}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
        <Drift drift={overview.drift} />
        <MissingSecrets secrets={overview.missing_secrets} />
      </SimpleGrid>
      <Text size="xs" c="dimmed">
        {roomWords(overview.database)} <Link to="/settings">How long events are kept</Link>
      </Text>
    </Stack>
  );
}

function Figure({ label, value, more }: { label: string; value: string; more?: string }) {
  return (
    <div>
      <Text size="xl" fw={600} style={{ fontVariantNumeric: 'tabular-nums' }}>
        {value}{' '}
        {more && (
          <Text span size="sm" c="dimmed">
            {more}
          </Text>
        )}
      </Text>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
    </div>
  );
}
