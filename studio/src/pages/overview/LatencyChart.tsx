import type { ChartProps } from './CallsChart';
import { linesOf, milliseconds } from './scale';
import { TimePlot } from './TimePlot';

const SERIES = [
  { key: 'p50_ms', label: 'half of the calls within' },
  { key: 'p95_ms', label: '95 % within' },
] as const;

/** How long calls took, over time; a gap where there were none. */
export default function LatencyChart({ buckets, day }: ChartProps) {
  return (
    <TimePlot
      label="Latency over time"
      series={SERIES}
      times={buckets.map((one) => one.at)}
      day={day}
      greatest={Math.max(0, ...buckets.map((one) => one.p95_ms ?? 0))}
      markOf={milliseconds}
      wordsOf={(index) => {
        const bucket = buckets[index];
        if (!bucket || bucket.p50_ms === null) return 'no calls';
        return SERIES.map(({ key, label }) => `${label} ${milliseconds(bucket[key])}`).join(', ');
      }}
    >
      {({ x, y, width }) =>
        SERIES.map(({ key }) => {
          const place = (index: number, value: number) => `${x(index) + width / 2},${y(value)}`;
          return linesOf(buckets.map((one) => one[key])).map((line) =>
            line.length === 1 ? (
              line.map(([index, value]) => (
                <circle
                  key={`${key}${index}`}
                  data-series={key}
                  cx={x(index) + width / 2}
                  cy={y(value)}
                  r={3}
                />
              ))
            ) : (
              <polyline
                key={`${key}${line[0]?.[0]}`}
                className="chart-line"
                data-line={key}
                points={line.map(([index, value]) => place(index, value)).join(' ')}
              />
            ),
          );
        })
      }
    </TimePlot>
  );
}
