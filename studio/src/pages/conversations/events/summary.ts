import type { ConversationEvent } from '~/api/events';
import type { Tone } from '~/parts/badges';
import { isObject } from '~/parts/schema/schema';
import { statusOf } from '../../messages/status';
import { callOf, word } from './call';

export interface Summary {
  /** What kind of thing happened, in a word or two. */
  kind: string;
  tone: Tone;
  /** What happened, in a line. */
  text: string;
}

/** One line for an event. A type that is not known here is shown under its own name. */
export function summaryOf(event: ConversationEvent): Summary {
  const call = callOf(event);
  if (call) {
    const tone: Tone = call.outcome === 'succeeded' ? 'good' : call.outcome === 'failed' ? 'bad' : 'warn';
    const text = call.error ? `${call.name}: ${call.error.code}` : call.name;
    return { kind: call.outcome, tone, text };
  }
  switch (event.type) {
    case 'conversation.started':
      return {
        kind: 'started',
        tone: 'plain',
        text: `${version(event.version)} in ${word(event.environment) ?? ''}${event.state ? `, state ${word(event.state)}` : ''}`,
      };
    case 'conversation.ended':
      return {
        kind: 'closed',
        tone: 'plain',
        text: 'The conversation is closed; nothing is callable any more',
      };
    case 'outcome.learned':
      return {
        kind: 'outcome learned',
        tone: 'info',
        text: `${word(event.name) ?? ''}: what the service returned, learned after the outcome was noted as unknown`,
      };
    case 'state.changed':
      return {
        kind: 'state',
        tone: 'info',
        text: `${word(event.from) ?? 'none'} → ${word(event.to) ?? 'none'}`,
      };
    case 'phase.changed':
      return { kind: 'phase', tone: 'info', text: `${word(event.from) ?? ''} → ${word(event.to) ?? ''}` };
    case 'variables.changed':
      return { kind: 'variables', tone: 'info', text: variables(event.variables) };
    case 'client_event.emitted':
      return { kind: 'client event', tone: 'info', text: word(event.event) ?? '' };
    case 'handover.requested':
      return {
        kind: 'handover',
        tone: 'info',
        text: `to ${handoverWords(event.handover_type)} ${word(event.target) ?? ''}`,
      };
    case 'message.updated': {
      const status = statusOf(event.status);
      return { kind: 'text message', tone: status.tone, text: `${status.label}, to ${word(event.to) ?? ''}` };
    }
    default:
      return { kind: event.type, tone: 'plain', text: '' };
  }
}

export function handoverWords(type: unknown): string {
  const known: Record<string, string> = { phone: 'the number', queue: 'the queue', sip: 'the SIP address' };
  return known[word(type) ?? ''] ?? '';
}

function version(value: unknown): string {
  return value === 'draft' ? 'draft' : `v${String(value)}`;
}

function variables(value: unknown): string {
  if (!isObject(value)) return '';
  return Object.entries(value)
    .map(([name, inner]) => (inner === null ? `${name} removed` : `${name} = ${short(inner)}`))
    .join(', ');
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
