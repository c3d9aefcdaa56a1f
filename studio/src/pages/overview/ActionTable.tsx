import { Group, NativeSelect, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '~/api/client';
import { useNames } from '~/api/names';
import { type Column, DataTable } from '~/parts/DataTable';
import { EntityLink } from '~/parts/EntityLink';
import { milliseconds, percent } from './scale';

const ORDER = [
  { value: 'calls', label: 'most calls' },
  { value: 'failed', label: 'most failures' },
  { value: 'p95_ms', label: 'slowest' },
] as const;
type Order = (typeof ORDER)[number]['value'];

/** Each action with its calls, failures and latency. */
export function ActionTable({ actions }: { actions: readonly Schemas['OverviewAction'][] }) {
  const names = useNames();
  const [order, setOrder] = useState<Order>('calls');
  const rows = actions.toSorted((a, b) => (b[order] ?? -1) - (a[order] ?? -1));
  const slowest = Math.max(1, ...actions.map((one) => one.p99_ms ?? 0));
  return (
    <section aria-labelledby="by-action">
      <Group justify="space-between" mb="xs">
        <Title order={2} id="by-action">
          By action
        </Title>
        <Group gap={6}>
          <Text size="xs" c="dimmed" id="action-order">
            First
          </Text>
          <NativeSelect
            size="xs"
            aria-labelledby="action-order"
            data={[...ORDER]}
            value={order}
            onChange={(event) => {
              const next = ORDER.find((one) => one.value === event.currentTarget.value);
              if (next) setOrder(next.value);
            }}
          />
        </Group>
      </Group>
      <DataTable
        label="Actions by calls, failures and latency"
        columns={columnsOf(names, slowest)}
        rows={rows}
        rowKey={(one) => `${one.action_id ?? ''}/${one.integration_id ?? ''}/${one.name}`}
      />
    </section>
  );
}

function columnsOf(names: ReadonlyMap<string, string>, slowest: number): Column<Schemas['OverviewAction']>[] {
  return [
    {
      key: 'name',
      label: 'Action',
      lead: true,
      cell: (one) => (
        <Group gap={8}>
          {one.action_id ? (
            <Link className="quiet-link mono" to="/actions/$id" params={{ id: one.action_id }}>
              {one.name}
            </Link>
          ) : (
            <span className="mono">{one.name}</span>
          )}
          <Text span size="xs" c="dimmed">
            {one.integration_id ? (
              <EntityLink kind="integration" id={one.integration_id} name={names.get(one.integration_id)} />
            ) : (
              'agent specific'
            )}
          </Text>
        </Group>
      ),
    },
    { key: 'calls', label: 'Calls', end: true, cell: (one) => one.calls.toLocaleString() },
    {
      key: 'failed',
      label: 'Failed',
      end: true,
      cell: (one) => `${one.failed.toLocaleString()} (${percent(one.failed, one.calls)})`,
    },
    { key: 'refused', label: 'Refused', end: true, cell: (one) => one.refused.toLocaleString() },
    { key: 'p50', label: 'Half within', end: true, cell: (one) => milliseconds(one.p50_ms) },
    { key: 'p95', label: '95 % within', end: true, cell: (one) => milliseconds(one.p95_ms) },
    { key: 'p99', label: '99 % within', end: true, cell: (one) => milliseconds(one.p99_ms) },
    {
      key: 'plot',
      label: 'Latency',
      quiet: true,
      width: 140,
      cell: (one) => <LatencyBar figures={one} slowest={slowest} />,
    },
  ];
}

/** From half of the calls to 99 of 100, on one scale for all rows. */
function LatencyBar({ figures, slowest }: { figures: Schemas['OverviewAction']; slowest: number }) {
  const { p50_ms: half, p95_ms: most, p99_ms: nearlyAll } = figures;
  if (half === null || most === null || nearlyAll === null) return null;
  const x = (value: number) => (100 * value) / slowest;
  return (
    <svg className="latency" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden>
      <line className="chart-grid" x1="0" x2="100" y1="5" y2="5" />
      <rect
        className="latency-range"
        x={x(half)}
        y="2"
        height="6"
        width={Math.max(1, x(nearlyAll) - x(half))}
      />
      <rect className="latency-mark" x={Math.min(99, x(most))} y="0" height="10" width="1.2" />
    </svg>
  );
}
