import type { Schemas } from '~/api/client';

/** A round number at or above the greatest value, and a few marks up to it. */
export function marksOf(greatest: number): number[] {
  if (greatest <= 0) return [0, 1];
  const rough = greatest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? power);
  const marks = [0];
  while ((marks.at(-1) ?? 0) < greatest) marks.push((marks.at(-1) ?? 0) + step);
  return marks;
}

export interface Slice {
  at: string;
  succeeded: number;
  failed: number;
  refused: number;
}

/** What a bucket is made of: `calls` were performed, `failed` are among them, `refused` were never performed. */
export function sliceOf(bucket: Schemas['OverviewBucket']): Slice {
  return {
    at: bucket.at,
    succeeded: Math.max(0, bucket.calls - bucket.failed),
    failed: bucket.failed,
    refused: bucket.refused,
  };
}

export function totalsOf(buckets: readonly Schemas['OverviewBucket'][]): {
  calls: number;
  failed: number;
  refused: number;
} {
  return buckets.reduce(
    (sum, one) => ({
      calls: sum.calls + one.calls,
      failed: sum.failed + one.failed,
      refused: sum.refused + one.refused,
    }),
    { calls: 0, failed: 0, refused: 0 },
  );
}

export function percent(part: number, whole: number): string {
  if (whole === 0) return '–';
  if (part === 0) return '0 %';
  const value = (100 * part) / whole;
  return `${value > 0 && value < 0.1 ? '< 0.1' : value.toFixed(value < 10 ? 1 : 0)} %`;
}

export function milliseconds(value: number | null): string {
  if (value === null) return '–';
  return value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value)} ms`;
}

/** Unbroken stretches of values with their places; null breaks. */
export function linesOf(values: readonly (number | null)[]): [number, number][][] {
  const lines: [number, number][][] = [];
  let line: [number, number][] = [];
  for (const [index, value] of values.entries()) {
    if (value === null) {
      if (line.length > 0) lines.push(line);
      line = [];
    } else line.push([index, value]);
  }
  return line.length > 0 ? [...lines, line] : lines;
}
