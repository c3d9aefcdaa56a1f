import { Group, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useState } from 'react';
import type { Bucket } from '~/api/overview';
import { marksOf, type Slice, sliceOf } from './scale';

const HEIGHT = 180;
const LEFT = 44;
const BOTTOM = 22;
const TOP = 8;

const SERIES = [
  { key: 'succeeded', label: 'succeeded' },
  { key: 'failed', label: 'failed' },
  { key: 'refused', label: 'refused' },
] as const;

/** Calls over time, as stacked bars; each can be read by pointing at it or with the arrow keys. */
export default function CallsChart({ buckets, day }: { buckets: readonly Bucket[]; day: boolean }) {
  const { ref, width } = useElementSize();
  const [at, setAt] = useState<number>();
  const slices = buckets.map(sliceOf);
  const sum = (one: Slice) => one.succeeded + one.failed + one.refused;
  const marks = marksOf(Math.max(0, ...slices.map(sum)));
  const top = marks.at(-1) ?? 1;
  const inner = Math.max(0, width - LEFT);
  const step = slices.length > 0 ? inner / slices.length : inner;
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const shown = at === undefined ? undefined : slices[at];
  const every = Math.max(1, Math.ceil(slices.length / Math.max(1, Math.floor(inner / 80))));
  const move = (by: number) =>
    setAt((now) => Math.min(slices.length - 1, Math.max(0, (now ?? (by > 0 ? -1 : slices.length)) + by)));
  return (
    <div>
      <Group gap="md" mb={4} justify="space-between">
        <Group gap="md">
          {SERIES.map((one) => (
            <Group gap={6} key={one.key}>
              <span className="chart-key" data-series={one.key} aria-hidden />
              <Text size="xs">{one.label}</Text>
            </Group>
          ))}
        </Group>
        <Text size="xs" c="dimmed" role="status">
          {shown ? wordsOf(shown, day) : 'Point at a bar, or use the arrow keys'}
        </Text>
      </Group>
      <div ref={ref}>
        <svg
          width="100%"
          height={HEIGHT}
          role="img"
          aria-label="Calls over time"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the bars are read with the arrow keys.
          tabIndex={0}
          onKeyDown={(event) => {
            if (event.key === 'ArrowRight') move(1);
            if (event.key === 'ArrowLeft') move(-1);
          }}
          onPointerLeave={() => setAt(undefined)}
          onPointerMove={(event) => {
            const x = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT;
            const index = Math.floor(x / step);
            setAt(index >= 0 && index < slices.length ? index : undefined);
          }}
        >
          {marks.map((mark) => (
            <g key={mark}>
              <line className="chart-grid" x1={LEFT} x2={width} y1={y(mark)} y2={y(mark)} />
              <text className="chart-text" x={LEFT - 6} y={y(mark) + 4} textAnchor="end">
                {mark.toLocaleString('en', { notation: 'compact' })}
              </text>
            </g>
          ))}
          {at !== undefined && (
            <rect
              className="chart-at"
              x={LEFT + at * step}
              y={TOP}
              width={step}
              height={HEIGHT - TOP - BOTTOM}
            />
          )}
          {slices.map((slice, index) => (
            <Bar key={slice.at} slice={slice} x={LEFT + index * step} width={step} y={y} />
          ))}
          {slices.map((slice, index) =>
            index % every === 0 ? (
              <text key={slice.at} className="chart-text" x={LEFT + index * step} y={HEIGHT - 6}>
                {timeOf(slice.at, day)}
              </text>
            ) : null,
          )}
        </svg>
      </div>
    </div>
  );
}

interface BarProps {
  slice: Slice;
  x: number;
  width: number;
  y: (value: number) => number;
}

function Bar({ slice, x, width, y }: BarProps) {
  let below = 0;
  const gap = width > 4 ? 1.5 : 0;
  return SERIES.map(({ key }) => {
    const value = slice[key];
    if (value === 0) return null;
    const from = y(below + value);
    const height = y(below) - from;
    below += value;
    return (
      <rect
        key={key}
        className="chart-bar"
        data-series={key}
        x={x + gap / 2}
        y={from}
        width={Math.max(1, width - gap)}
        height={Math.max(1, height)}
      />
    );
  });
}

function timeOf(at: string, day: boolean): string {
  const time = new Date(at);
  return day
    ? time.toLocaleDateString(undefined, { month: 'short', day: 'numeric' })
    : time.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

function wordsOf(slice: Slice, day: boolean): string {
  const when = day
    ? new Date(slice.at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
    : timeOf(slice.at, false);
  return `${when}: ${slice.succeeded} succeeded, ${slice.failed} failed, ${slice.refused} refused`;
}
