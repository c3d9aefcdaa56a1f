import { useSyncExternalStore } from 'react';

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** What is past is never "in 10 seconds", though the server's clock may be ahead of this one. */
export function relativeWords(at: Date, now: Date, may: 'past' | 'future' = 'past'): string {
  const ahead = (at.getTime() - now.getTime()) / 1000;
  const seconds = may === 'past' ? Math.min(ahead, 0) : ahead;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 10 ? 'just now' : relative.format(Math.trunc(seconds), 'second');
}

let now = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  for (const listener of listeners) listener();
}, 20_000);

function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      // The clock ticks by itself: a snapshot that changed by subscribing would draw everything again.
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => now,
  );
}

/** `3 minutes ago`, with the exact time as its title. */
export function RelativeTime({
  at,
  none = 'never',
  may = 'past',
}: {
  at: string | null | undefined;
  none?: string;
  /** `future` for what is still to come, such as an expiry. */
  may?: 'past' | 'future';
}) {
  const time = useNow();
  if (!at) return <span>{none}</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={exact.format(date)} style={{ whiteSpace: 'nowrap' }}>
      {relativeWords(date, new Date(Math.max(time, Date.now() - 20_000)), may)}
    </time>
  );
}

export function ExactTime({ at }: { at: string }) {
  return (
    <time dateTime={at} style={{ whiteSpace: 'nowrap' }}>
      {exact.format(new Date(at))}
    </time>
  );
}
