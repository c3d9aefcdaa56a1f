import type { Schemas } from '~/api/client';
import { useList } from '~/api/list';

/** The versions that a conversation can run on, for a select: the draft first. */
export function useVersions(agentId: string): { value: string; label: string }[] {
  const versions = useList('/api/v1/agents/{id}/versions', {
    path: { id: agentId },
    query: { document: false },
  });
  return [
    { value: 'draft', label: 'Draft' },
    ...versions.items.map((one) => ({
      value: String(one.number),
      label: `v${one.number}${one.published ? ', published' : ''}${one.notes ? `: ${firstLine(one.notes)}` : ''}`,
    })),
  ];
}

function firstLine(notes: string): string {
  const line = notes.split('\n', 1)[0] ?? '';
  return line.length > 50 ? `${line.slice(0, 50)}…` : line;
}

export function versionOf(value: string): Schemas['Version'] {
  return /^\d+$/.test(value) ? Number(value) : 'draft';
}
