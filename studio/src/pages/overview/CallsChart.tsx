import type { Schemas } from '~/api/client';
import { type Slice, sliceOf } from './scale';
import { type Scale, TimePlot } from './TimePlot';

const SERIES = [
  { key: 'succeeded', label: 'succeeded' },
  { key: 'failed', label: 'failed' },
  { key: 'refused', label: 'refused' },
] as const;

export interface ChartProps {
  buckets: readonly Schemas['OverviewBucket'][];
  day: boolean;
}

/** Calls over time, as stacked bars. */
export default function CallsChart({ buckets, day }: ChartProps) {
  const slices = buckets.map(sliceOf);
  const sum = (one: Slice) => one.succeeded + one.failed + one.refused;
  return (
    <TimePlot
      label="Calls over time"
      series={SERIES}
      times={slices.map((one) => one.at)}
      day={day}
      greatest={Math.max(0, ...slices.map(sum))}
      markOf={(mark) => mark.toLocaleString('en', { notation: 'compact' })}
      wordsOf={(index) => SERIES.map(({ key, label }) => `${slices[index]?.[key] ?? 0} ${label}`).join(', ')}
    >
      {(scale) => slices.map((slice, index) => <Bar key={slice.at} slice={slice} at={index} scale={scale} />)}
    </TimePlot>
  );
}

function Bar({ slice, at, scale: { x, y, width } }: { slice: Slice; at: number; scale: Scale }) {
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
        data-series={key}
        x={x(at) + gap / 2}
        y={from}
        width={Math.max(1, width - gap)}
        height={Math.max(1, height)}
      />
    );
  });
}
