import type { Schemas } from '~/api/client';

function size(bytes: number): string {
  const [unit, of] = bytes < 1 << 30 ? ['MiB', 1 << 20] : ['GiB', 1 << 30];
  return `${(bytes / Number(of)).toFixed(1)} ${unit}`;
}

/** How much room the database takes, in a sentence. */
export function roomWords({ bytes, free_bytes }: Schemas['DatabaseSpace']): string {
  const free = free_bytes === null ? '' : `, of which ${size(free_bytes)} are free`;
  return `The database takes ${size(bytes)}${free}.`;
}
