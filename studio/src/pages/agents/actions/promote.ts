import type { Schemas } from '~/api/client';

/** What follows one of the integration's base URLs in this URL; undefined when it starts with none. */
export function pathUnder(
  url: string,
  integration: Pick<Schemas['Integration'], 'environments'>,
): string | undefined {
  const bases = Object.values(integration.environments ?? {}).flatMap((slot) =>
    slot ? [slot.base_url] : [],
  );
  for (const base of bases.sort((a, b) => b.length - a.length)) {
    const trimmed = base.replace(/\/+$/, '');
    if (trimmed && url.startsWith(trimmed)) {
      const rest = url.slice(trimmed.length);
      if (rest === '' || rest.startsWith('?')) return `/${rest}`;
      if (rest.startsWith('/')) return rest;
    }
  }
  return undefined;
}
