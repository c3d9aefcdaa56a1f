import { useEffect, useState } from 'react';
import { apiFetch } from './fetch';
import { type Problem, problemOf } from './problem';
import { refresh } from './queryClient';
import { SseParser } from './sse';

/** An entry of a conversation's log; what else it has follows from its type. */
export interface ConversationEvent {
  id: string;
  sequence: number;
  at: string;
  type: string;
  [member: string]: unknown;
}

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'stopped';

interface Follow {
  conversationId: string;
  signal: AbortSignal;
  onEvent: (event: ConversationEvent) => void;
  onConnection: (connection: Connection) => void;
}

const LONGEST_WAIT = 10_000;

/** Follows a log from its start, and after a lost connection from the last event that came. */
async function follow({ conversationId, signal, onEvent, onConnection }: Follow): Promise<void> {
  let last = '';
  let wait = 500;
  while (!signal.aborted) {
    try {
      const address = new URL(`/api/v1/conversations/${conversationId}/events`, window.location.origin);
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (last) headers['Last-Event-ID'] = last;
      const response = await apiFetch(new Request(address, { headers, signal }));
      if (!response.body) return;
      onConnection('live');
      const parser = new SseParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        wait = 500;
        for (const message of parser.push(value)) {
          last = message.id || last;
          onEvent(JSON.parse(message.data) as ConversationEvent);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      const problem = problemOf(error);
      if (problem.status >= 400 && problem.status < 500) throw problem;
    }
    if (signal.aborted) return;
    onConnection('reconnecting');
    await new Promise((done) => setTimeout(done, wait));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

export interface Log {
  events: readonly ConversationEvent[];
  connection: Connection;
  problem: Problem | null;
  retry: () => void;
}

/** A conversation's log, live. What hangs on it (the conversation, its tools) is read again as it grows. */
export function useEvents(conversationId: string): Log {
  const [events, setEvents] = useState<readonly ConversationEvent[]>([]);
  const [connection, setConnection] = useState<Connection>('connecting');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt starts it again.
  useEffect(() => {
    const stop = new AbortController();
    let batch: ConversationEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      const fresh = batch;
      batch = [];
      setEvents((now) => {
        const newest = now.at(-1)?.sequence ?? 0;
        return [...now, ...fresh.filter((one) => one.sequence > newest)];
      });
      void refresh('/api/v1/conversations/{id}');
    };
    setEvents([]);
    setProblem(null);
    setConnection('connecting');
    follow({
      conversationId,
      signal: stop.signal,
      onConnection: setConnection,
      onEvent: (event) => {
        batch.push(event);
        timer ??= setTimeout(flush, 60);
      },
    }).catch((error: unknown) => {
      if (stop.signal.aborted) return;
      setConnection('stopped');
      setProblem(problemOf(error));
    });
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [conversationId, attempt]);
  return { events, connection, problem, retry: () => setAttempt((now) => now + 1) };
}
