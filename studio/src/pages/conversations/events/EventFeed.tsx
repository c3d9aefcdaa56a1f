import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ConversationEvent, Log } from '~/api/events';
import { StatusBadge } from '~/parts/badges';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import type { Bindings } from '../useBindings';
import { isCall, settledCalls, word } from './call';
import { EventDetails } from './EventDetails';
import { EventRow } from './EventRow';

interface Props {
  log: Log;
  conversationId: string;
  agentId: string;
  bindings: Bindings;
  closed: boolean;
  /** The event that the address names. */
  target?: string | undefined;
  newestFirst?: boolean;
}

const SHOW = [
  { value: 'all', label: 'All' },
  { value: 'calls', label: 'Calls' },
  { value: 'trouble', label: 'Failed and refused' },
];
const FIRST = 200;

/** The log of a conversation, live. */
export function EventFeed({
  log,
  conversationId,
  agentId,
  bindings,
  closed,
  target,
  newestFirst = false,
}: Props) {
  const [show, setShow] = useState('all');
  const [most, setMost] = useState(FIRST);
  const settled = useMemo(() => settledCalls(log.events), [log.events]);
  const found = log.events.filter((event) => wanted(event, show));
  const ordered = newestFirst ? found.toReversed() : found;
  const at = target ? ordered.findIndex((event) => event.id === target) : -1;
  const shown = ordered.slice(0, Math.max(most, at + 1));
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="xs">
        <SegmentedControl size="xs" aria-label="Which events" data={SHOW} value={show} onChange={setShow} />
        <ConnectionBadge log={log} closed={closed} />
      </Group>
      <ProblemAlert error={log.problem} onRetry={log.retry} />
      {log.connection === 'connecting' && log.events.length === 0 && <LoadingRows rows={3} />}
      {log.events.length > 0 && shown.length === 0 && (
        <Text c="dimmed" size="sm">
          No events of this kind.
        </Text>
      )}
      {shown.length > 0 && (
        <ol className="panel event-list" aria-label="Events">
          {shown.map((event) => (
            <EventRow
              key={event.id}
              event={event}
              target={event.id === target}
              startOpen={opensItself(event, settled)}
            >
              {() => (
                <EventDetails
                  event={event}
                  conversationId={conversationId}
                  agentId={agentId}
                  bindings={bindings}
                  settled={settled}
                />
              )}
            </EventRow>
          ))}
        </ol>
      )}
      {ordered.length > shown.length && (
        <Button
          variant="default"
          style={{ alignSelf: 'center' }}
          onClick={() => setMost(shown.length + FIRST)}
        >
          {ordered.length - shown.length} more events
        </Button>
      )}
    </Stack>
  );
}

/** A handover, and a client event that waits for its answer, are what one looks for. */
function opensItself(event: ConversationEvent, settled: ReadonlySet<string>): boolean {
  if (event.type === 'handover.requested') return true;
  if (event.type !== 'client_event.emitted' || event.awaits_result_until == null) return false;
  return !settled.has(word(event.call_id) ?? '');
}

function wanted(event: ConversationEvent, show: string): boolean {
  if (show === 'calls') return isCall(event);
  if (show === 'trouble') return event.type === 'action.failed' || event.type === 'action.refused';
  return true;
}

function ConnectionBadge({ log, closed }: { log: Log; closed: boolean }) {
  if (closed) return <StatusBadge tone="plain">closed</StatusBadge>;
  switch (log.connection) {
    case 'live':
      return <StatusBadge tone="good">live</StatusBadge>;
    case 'connecting':
      return <StatusBadge tone="plain">connecting</StatusBadge>;
    case 'reconnecting':
      return <StatusBadge tone="warn">connection lost, trying again</StatusBadge>;
    case 'stopped':
      return <StatusBadge tone="bad">not connected</StatusBadge>;
  }
}
