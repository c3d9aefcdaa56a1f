import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { client, type Schemas } from '~/api/client';
import { StatusBadge } from '~/parts/badges';
import { fieldErrors } from '~/parts/form';
import { JsonView } from '~/parts/JsonView';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { ArgumentsEditor } from '~/parts/schema/ArgumentsEditor';
import { startingArguments } from '~/parts/schema/arguments';
import type { JsonObject } from '~/parts/schema/schema';

interface Answer {
  call: Schemas['CallAnswer'];
  replayed: boolean;
}

/** Calls one action as a model would: a form made from its schema, or JSON. */
export function CallForm({ tool, conversationId }: { tool: Schemas['Tool']; conversationId: string }) {
  const [args, setArgs] = useState<JsonObject>(() => startingArguments(tool.parameters));
  const [valid, setValid] = useState(true);
  const [key, setKey] = useState('');
  const call = useMutation({
    meta: { refreshes: ['/api/v1/conversations/{id}'] },
    mutationFn: async (): Promise<Answer> => {
      const { data, response } = await client.POST('/api/v1/conversations/{id}/actions/{name}/call', {
        params: {
          path: { id: conversationId, name: tool.name },
          ...(key ? { header: { 'idempotency-key': key } } : {}),
        },
        body: { arguments: args },
      });
      if (!data) throw new Error('The server’s response was empty.');
      return { call: data, replayed: response.headers.get('idempotency-replayed') === 'true' };
    },
  });
  return (
    <Stack gap="sm">
      <ArgumentsEditor
        schema={tool.parameters}
        value={args}
        onChange={setArgs}
        errors={fieldErrors(call.error)}
        onValid={setValid}
      />
      <Group align="flex-end" gap="xs">
        <TextInput
          size="xs"
          label="Idempotency-Key"
          description="Optional. A call that is repeated with the same key is done only once."
          classNames={{ input: 'mono' }}
          style={{ flex: '1 1 12rem' }}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <Button variant="subtle" onClick={() => setKey(newKey())}>
          Make one
        </Button>
      </Group>
      <NeedButton
        need="call"
        style={{ alignSelf: 'flex-start' }}
        disabled={!valid}
        loading={call.isPending}
        onClick={() => call.mutate()}
      >
        Call {tool.name}
      </NeedButton>
      <div aria-live="polite">
        <ProblemAlert error={call.error} />
        {call.data && <Result answer={call.data} />}
      </div>
    </Stack>
  );
}

function Result({ answer: { call, replayed } }: { answer: Answer }) {
  return (
    <Stack gap={6}>
      <Group gap="xs">
        <StatusBadge tone={call.status === 'succeeded' ? 'good' : 'bad'}>{call.status}</StatusBadge>
        {call.duration_ms != null && (
          <Text size="sm" c="dimmed">
            in {call.duration_ms} ms
          </Text>
        )}
        {replayed && <StatusBadge tone="info">the first response again; nothing was done</StatusBadge>}
      </Group>
      {call.error && (
        <Text size="sm" className="wrap-anywhere">
          <span className="mono">{call.error.code}</span>: {call.error.message}
        </Text>
      )}
      {call.output != null && <JsonView value={call.output} label="output" />}
    </Stack>
  );
}

/** `crypto.randomUUID` is there on HTTPS only, and a server at home may not have it. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `try-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
