import type { ConversationEvent } from '~/api/events';
import { isObject, type JsonObject } from '~/parts/schema/schema';

/** A call, out of the event that its end left. */
export interface Call {
  id: string;
  name: string;
  bindingId: string | null;
  outcome: 'succeeded' | 'failed' | 'refused';
  arguments: JsonObject;
  request: unknown;
  response: unknown;
  variables: JsonObject;
  unmatched: string[];
  leftOut: string[];
  leftOutReasons: JsonObject;
  error: { code: string; message: string; errors: { pointer: string; detail: string }[] } | null;
  durationMs: number | null;
}

const OUTCOMES = {
  'action.succeeded': 'succeeded',
  'action.failed': 'failed',
  'action.refused': 'refused',
} as const;

export function isCall(event: ConversationEvent): boolean {
  return event.type in OUTCOMES;
}

export function callOf(event: ConversationEvent): Call | undefined {
  const outcome = OUTCOMES[event.type as keyof typeof OUTCOMES];
  if (!outcome) return undefined;
  return {
    id: word(event.call_id) ?? '',
    name: word(event.name) ?? '',
    bindingId: word(event.binding_id) ?? null,
    outcome,
    arguments: isObject(event.arguments) ? event.arguments : {},
    request: event.request,
    response: event.response,
    variables: isObject(event.variables) ? event.variables : {},
    unmatched: words(event.unmatched_variables),
    leftOut: words(event.left_out_variables),
    leftOutReasons: isObject(event.left_out_reasons) ? event.left_out_reasons : {},
    error: errorOf(event.error),
    durationMs: typeof event.duration_ms === 'number' ? event.duration_ms : null,
  };
}

export function word(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function words(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function errorOf(value: unknown): Call['error'] {
  if (!isObject(value)) return null;
  const errors: unknown[] = Array.isArray(value.errors) ? value.errors : [];
  return {
    code: word(value.code) ?? '',
    message: word(value.message) ?? '',
    errors: errors
      .filter(isObject)
      .map((one) => ({ pointer: word(one.pointer) ?? '', detail: word(one.detail) ?? '' })),
  };
}

/** The calls that have come to an end, so that a client event of theirs needs no answer any more. */
export function settledCalls(events: readonly ConversationEvent[]): Set<string> {
  return new Set(events.filter(isCall).map((event) => word(event.call_id) ?? ''));
}
