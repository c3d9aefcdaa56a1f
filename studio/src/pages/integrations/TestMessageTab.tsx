import { NativeSelect, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { $api } from '~/api/client';
import { StatusBadge } from '~/parts/badges';
import { ENVIRONMENT_LABEL, ENVIRONMENTS, type Environment } from '~/parts/environments';
import { fieldErrors } from '~/parts/form';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { statusOf } from '../messages/status';

/** One text message by hand, outside any conversation, and what became of it. */
export function TestMessageTab({ id }: { id: string }) {
  const [environment, setEnvironment] = useState<Environment>('development');
  const [to, setTo] = useState('');
  const [text, setText] = useState('This is a test from Switchboard.');
  const send = $api.useMutation('post', '/api/v1/integrations/{id}/test-message', {
    meta: { refreshes: ['/api/v1/messages'] },
  });
  const errors = fieldErrors(send.error);
  const sent = send.data && 'id' in send.data ? send.data.id : undefined;
  function submit(event: FormEvent) {
    event.preventDefault();
    send.mutate({ params: { path: { id } }, body: { environment, to: to.trim(), text } });
  }
  return (
    <div className="two-columns">
      <Stack gap="sm" component="form" onSubmit={submit}>
        <NativeSelect
          label="Environment"
          description="Its API key is used. The message is really sent, and costs what it costs."
          data={ENVIRONMENTS.map((one) => ({ value: one, label: ENVIRONMENT_LABEL[one] }))}
          value={environment}
          onChange={(event) => {
            const next = ENVIRONMENTS.find((one) => one === event.currentTarget.value);
            if (next) setEnvironment(next);
          }}
          error={errors('/environment')}
        />
        <TextInput
          label="To"
          description="A number with its country code."
          placeholder="+14155550123"
          inputMode="tel"
          required
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
          error={errors('/to')}
        />
        <Textarea
          label="Text"
          autosize
          minRows={2}
          maxRows={8}
          required
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={errors('/text')}
        />
        <NeedButton need="call" type="submit" loading={send.isPending} style={{ alignSelf: 'flex-start' }}>
          Send the message
        </NeedButton>
      </Stack>
      <Stack gap="sm" aria-live="polite">
        <ProblemAlert error={send.error} />
        {sent ? (
          <Sent id={sent} />
        ) : (
          <Text size="sm" c="dimmed">
            How far the message came is shown here.
          </Text>
        )}
      </Stack>
    </div>
  );
}

const UNDER_WAY = ['queued', 'sending', 'sent'];

function Sent({ id }: { id: string }) {
  const { data, error } = $api.useQuery(
    'get',
    '/api/v1/messages/{id}',
    { params: { path: { id } } },
    { refetchInterval: ({ state }) => (UNDER_WAY.includes(state.data?.status ?? 'queued') ? 1_000 : false) },
  );
  if (!data) return <ProblemAlert error={error} />;
  const about = statusOf(data.status);
  return (
    <Stack gap={6} className="panel" p="sm">
      <Text>
        To <span className="mono">{data.to}</span> <StatusBadge tone={about.tone}>{about.label}</StatusBadge>
      </Text>
      <Text size="sm" c="dimmed">
        {data.error?.advice ?? about.says}
      </Text>
      <Link to="/messages/$id" params={{ id }}>
        Open the message
      </Link>
    </Stack>
  );
}
