import type { Schemas } from '~/api/client';

/** What the address of the list says. */
export interface Filters {
  agent?: string;
  environment?: Schemas['Environment'];
  status?: Schemas['ConversationStatus'];
  outcome?: Schemas['CallOutcome'];
  from?: string;
  to?: string;
}

export const STATUSES = ['active', 'handed_over', 'ended', 'closed'] as const;
export const OUTCOMES = ['succeeded', 'failed', 'refused'] as const;

/** The same as the API takes it. */
export function queryOf({ agent, ...filters }: Filters): Omit<Filters, 'agent'> & { agent_id?: string } {
  return agent ? { ...filters, agent_id: agent } : filters;
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
