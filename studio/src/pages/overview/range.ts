export const RANGES = ['1h', '24h', '7d', '30d'] as const;
export type Range = (typeof RANGES)[number];

export const RANGE_LABEL: Record<Range, string> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};

const MINUTE = 60_000;
const LENGTH: Record<Range, number> = {
  '1h': 60 * MINUTE,
  '24h': 24 * 60 * MINUTE,
  '7d': 7 * 24 * 60 * MINUTE,
  '30d': 30 * 24 * 60 * MINUTE,
};

/** From and to of a range that ends now; to the minute, so that the answer can be kept for a while. */
export function boundsOf(range: Range, now: number): { from: string; to: string } {
  const to = Math.ceil(now / MINUTE) * MINUTE;
  return { from: new Date(to - LENGTH[range]).toISOString(), to: new Date(to).toISOString() };
}
