import { Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ConversationEvent } from '~/api/events';
import { JsonView } from '~/parts/JsonView';
import { isObject } from '~/parts/schema/schema';
import { statusOf } from '../../messages/status';
import type { Bindings } from '../useBindings';
import { CallDetails } from './CallDetails';
import { ClientEventDetails } from './ClientEventDetails';
import { callOf, word } from './call';
import { handoverWords } from './summary';

interface Props {
  event: ConversationEvent;
  conversationId: string;
  agentId: string;
  bindings: Bindings;
  settled: ReadonlySet<string>;
}

/** An event opened: each kind as what it is. */
export function EventDetails({ event, conversationId, agentId, bindings, settled }: Props) {
  const call = callOf(event);
  if (call) return <CallDetails call={call} agentId={agentId} bindings={bindings} />;
  switch (event.type) {
    case 'client_event.emitted':
      return (
        <ClientEventDetails
          event={event}
          conversationId={conversationId}
          settled={settled.has(word(event.call_id) ?? '')}
        />
      );
    case 'handover.requested':
      return (
        <Stack gap={4}>
          <Text size="sm">
            The runtime is asked to hand the call over to {handoverWords(event.handover_type)}{' '}
            <b className="mono wrap-anywhere">{word(event.target)}</b>.
          </Text>
          {word(event.announcement) && <Text size="sm">It first says: “{word(event.announcement)}”</Text>}
        </Stack>
      );
    case 'message.updated':
      return <MessageUpdate event={event} />;
    default:
      return <JsonView value={membersOf(event)} label="event" />;
  }
}

function MessageUpdate({ event }: { event: ConversationEvent }) {
  const about = statusOf(event.status);
  const error = isObject(event.error) ? event.error : undefined;
  const id = word(event.message_id);
  return (
    <Stack gap={4}>
      <Text size="sm">{about.says}</Text>
      {error && (
        <Text size="sm" className="wrap-anywhere">
          <b>{word(error.title) ?? word(error.code)}</b> {word(error.detail)} {word(error.advice)}
        </Text>
      )}
      {typeof event.parts === 'number' && (
        <Text size="xs" c="dimmed">
          {event.parts} {event.parts === 1 ? 'part' : 'parts'}
        </Text>
      )}
      {id && (
        <Link to="/messages/$id" params={{ id }}>
          Open the message
        </Link>
      )}
    </Stack>
  );
}

/** What is not already in the line above it. */
function membersOf(event: ConversationEvent): Record<string, unknown> {
  const { id: _id, sequence: _sequence, at: _at, type: _type, ...rest } = event;
  return rest;
}
