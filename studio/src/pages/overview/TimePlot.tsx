import { Group, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { marksOf } from './scale';

const HEIGHT = 180;
const LEFT = 52;
const BOTTOM = 22;
const TOP = 8;

/** Where things are drawn: the left edge and width of each time, and the height of a value. */
export interface Scale {
  x: (index: number) => number;
  width: number;
  y: (value: number) => number;
}

interface Props {
  label: string;
  series: readonly { key: string; label: string }[];
  /** The starts of the buckets. */
  times: readonly string[];
  /** Days rather than hours are written below. */
  day: boolean;
  greatest: number;
  markOf: (value: number) => string;
  /** What one bucket says, to read. */
  wordsOf: (index: number) => string;
  children: (scale: Scale) => ReactNode;
}

/** Something over time; each bucket can be read by pointing at it or with the arrow keys. */
export function TimePlot({ label, series, times, day, greatest, markOf, wordsOf, children }: Props) {
  const { ref, width } = useElementSize();
  const [at, setAt] = useState<number>();
  const marks = marksOf(greatest);
  const top = marks.at(-1) ?? 1;
  const inner = Math.max(0, width - LEFT);
  const step = times.length > 0 ? inner / times.length : inner;
  const scale: Scale = {
    x: (index) => LEFT + index * step,
    width: step,
    y: (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top),
  };
  const start = at === undefined ? undefined : times[at];
  const every = Math.max(1, Math.ceil(times.length / Math.max(1, Math.floor(inner / 80))));
  const move = (by: number) =>
    setAt((now) => Math.min(times.length - 1, Math.max(0, (now ?? (by > 0 ? -1 : times.length)) + by)));
  return (
    <div>
      <Group gap="md" mb={4} justify="space-between">
        <Group gap="md">
          {series.map((one) => (
            <Group gap={6} key={one.key}>
              <span className="chart-key" data-series={one.key} aria-hidden />
              <Text size="xs">{one.label}</Text>
            </Group>
          ))}
        </Group>
        <Text size="xs" c="dimmed" role="status">
          {at !== undefined && start !== undefined
            ? `${momentOf(start, day)}: ${wordsOf(at)}`
            : 'Point at a time, or use the arrow keys'}
        </Text>
      </Group>
      <div ref={ref}>
        <svg
          width="100%"
          height={HEIGHT}
          role="img"
          aria-label={label}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the buckets are read with the arrow keys.
          tabIndex={0}
          onKeyDown={(event) => {
            if (event.key === 'ArrowRight') move(1);
            if (event.key === 'ArrowLeft') move(-1);
          }}
          onPointerLeave={() => setAt(undefined)}
          onPointerMove={(event) => {
            const x = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT;
            const index = Math.floor(x / step);
            setAt(index >= 0 && index < times.length ? index : undefined);
          }}
        >
          {marks.map((mark) => (
            <g key={mark}>
              <line className="chart-grid" x1={LEFT} x2={width} y1={scale.y(mark)} y2={scale.y(mark)} />
              <text className="chart-text" x={LEFT - 6} y={scale.y(mark) + 4} textAnchor="end">
                {markOf(mark)}
              </text>
            </g>
          ))}
          {at !== undefined && (
            <rect className="chart-at" x={scale.x(at)} y={TOP} width={step} height={HEIGHT - TOP - BOTTOM} />
          )}
          {children(scale)}
          {times.map((time, index) =>
            index % every === 0 ? (
              <text key={time} className="chart-text" x={scale.x(index)} y={HEIGHT - 6}>
                {timeOf(time, day)}
              </text>
            ) : null,
          )}
        </svg>
      </div>
    </div>
  );
}

function timeOf(at: string, day: boolean): string {
  const time = new Date(at);
  return day
    ? time.toLocaleDateString(undefined, { month: 'short', day: 'numeric' })
    : time.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

function momentOf(at: string, day: boolean): string {
  return day
    ? new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
    : timeOf(at, false);
}
