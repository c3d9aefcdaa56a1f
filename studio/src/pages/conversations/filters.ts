import type { Schemas } from '~/api/client';

type Conversation = Schemas['Conversation'];

/** What the address of the list says. */
export interface Filters {
  agent?: string;
  environment?: Schemas['Environment'];
  status?: string;
  outcome?: string;
  from?: string;
  to?: string;
}

export const STATUSES = ['active', 'handed_over', 'ended', 'closed'] as const;
export const OUTCOMES = ['succeeded', 'failed', 'refused'] as const;

/**
 * The filters that the server knows. It refuses what it does not know, so the others are applied here to
 * what was read, as far as that can be done; add them here when the server has them.
 */
const SERVER_KNOWS: ReadonlySet<keyof Filters> = new Set(['agent']);

const PARAMETER: Record<keyof Filters, string> = {
  agent: 'agent_id',
  environment: 'environment',
  status: 'status',
  outcome: 'outcome',
  from: 'from',
  to: 'to',
};

/** Whether a filter can be offered at all: what a conversation's calls came to, only the server knows. */
export function offered(filter: keyof Filters): boolean {
  return filter !== 'outcome' || SERVER_KNOWS.has('outcome');
}

export function queryOf(filters: Filters): Record<string, string> {
  const entries = (Object.keys(PARAMETER) as (keyof Filters)[]).flatMap((key) => {
    const value = filters[key];
    return value && SERVER_KNOWS.has(key) ? [[PARAMETER[key], value]] : [];
  });
  return Object.fromEntries(entries);
}

/** Whether some of it is filtered here, over what was read alone. */
export function filtersHere(filters: Filters): boolean {
  return (Object.keys(PARAMETER) as (keyof Filters)[]).some(
    (key) => Boolean(filters[key]) && !SERVER_KNOWS.has(key) && offered(key),
  );
}

export function fits(conversation: Conversation, filters: Filters): boolean {
  const at = Date.parse(conversation.created_at);
  return (
    (!filters.environment || conversation.environment === filters.environment) &&
    (!filters.status || conversation.status === filters.status) &&
    (!filters.from || at >= Date.parse(filters.from)) &&
    (!filters.to || at < Date.parse(filters.to))
  );
}

/** `2026-11-25T10:00` of a field, in the person's own time, as the API takes it; and back. */
export function instantOf(local: string): string | undefined {
  const time = new Date(local);
  return local && !Number.isNaN(time.getTime()) ? time.toISOString() : undefined;
}

export function localOf(instant: string | undefined): string {
  const time = instant ? new Date(instant) : undefined;
  if (!time || Number.isNaN(time.getTime())) return '';
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
