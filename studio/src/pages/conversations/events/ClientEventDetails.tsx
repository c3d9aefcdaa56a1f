import { Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { $api } from '~/api/client';
import type { ConversationEvent } from '~/api/events';
import { CodeEditor } from '~/parts/CodeEditor';
import { JsonView } from '~/parts/JsonView';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { word } from './call';

interface Props {
  event: ConversationEvent;
  conversationId: string;
  /** Its call has ended: it was answered, or nobody did in time. */
  settled: boolean;
}

/** What was told to the client, and, where an answer is awaited, a form to give it as the client would. */
export function ClientEventDetails({ event, conversationId, settled }: Props) {
  const until = word(event.awaits_result_until);
  const waiting = useWaiting(settled ? undefined : until);
  return (
    <Stack gap="xs">
      <Text size="sm">
        An event for whatever runs the conversation, such as a web page or an app. Switchboard sends no
        request for it.
      </Text>
      <JsonView value={event.payload ?? {}} label="payload" />
      {until && !waiting && (
        <Text size="sm" c="dimmed">
          {settled
            ? 'The call has ended and no longer waits for a result.'
            : 'The time for a result is over.'}
        </Text>
      )}
      {waiting && <Answer eventId={event.id} conversationId={conversationId} until={until ?? ''} />}
    </Stack>
  );
}

/** Whether this moment is still to come. */
function useWaiting(until: string | undefined): boolean {
  const end = until ? Date.parse(until) : 0;
  const [over, setOver] = useState(end <= Date.now());
  useEffect(() => {
    setOver(end <= Date.now());
    if (end <= Date.now()) return;
    const timer = setTimeout(() => setOver(true), end - Date.now());
    return () => clearTimeout(timer);
  }, [end]);
  return !over;
}

function Answer({
  eventId,
  conversationId,
  until,
}: {
  eventId: string;
  conversationId: string;
  until: string;
}) {
  const [kind, setKind] = useState<'result' | 'error'>('result');
  const [result, setResult] = useState('{\n  "ok": true\n}');
  const [error, setError] = useState('');
  const answer = $api.useMutation('post', '/api/v1/conversations/{id}/client-events/{event_id}/result', {
    meta: { refreshes: ['/api/v1/conversations/{id}'] },
  });
  const value = parsed(result);
  const ready = kind === 'result' ? value.ok : error.trim() !== '';
  if (answer.isSuccess) return <Text size="sm">Sent.</Text>;
  return (
    <Stack gap="xs" className="panel" p="xs">
      <Group justify="space-between">
        <Text fw={500} size="sm">
          The call waits for a result until {new Date(until).toLocaleTimeString()}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label="Send a result or an error"
          data={[
            { value: 'result', label: 'Result' },
            { value: 'error', label: 'Error' },
          ]}
          value={kind}
          onChange={(next) => setKind(next === 'error' ? 'error' : 'result')}
        />
      </Group>
      {kind === 'result' ? (
        <CodeEditor
          label="Result, as JSON"
          language="json"
          value={result}
          onChange={setResult}
          minHeight={72}
          error={value.ok ? undefined : 'This is not JSON yet'}
        />
      ) : (
        <TextInput
          label="Error"
          placeholder="The customer closed the page"
          value={error}
          onChange={(change) => setError(change.currentTarget.value)}
        />
      )}
      <ProblemAlert error={answer.error} />
      <NeedButton
        need="call"
        style={{ alignSelf: 'flex-start' }}
        disabled={!ready}
        loading={answer.isPending}
        onClick={() =>
          answer.mutate({
            params: { path: { id: conversationId, event_id: eventId } },
            body: kind === 'result' ? { result: value.value } : { error },
          })
        }
      >
        Send as the client
      </NeedButton>
    </Stack>
  );
}

function parsed(text: string): { ok: boolean; value?: unknown } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}
