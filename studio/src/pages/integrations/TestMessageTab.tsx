import { NativeSelect, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { $api, client, type Schemas } from '~/api/client';
import { useCan } from '~/api/session';
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
          description="Its API key is used. The message is really sent, and your provider charges for it."
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
        <Preview id={id} environment={environment} to={to.trim()} text={text} />
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
            The status of the message is shown here.
          </Text>
        )}
      </Stack>
    </div>
  );
}

interface PreviewProps {
  id: string;
  environment: Environment;
  to: string;
  text: string;
}

/** How the text would be sent, asked while it is typed; the number matters only once it is one. */
function Preview({ id, environment, to, text }: PreviewProps) {
  const mayCall = useCan('call');
  const [typed] = useDebouncedValue(text, 300);
  const number = /^\+\d{8,15}$/.test(to) ? to : '+14155550123';
  const { data } = useQuery({
    queryKey: ['message preview', id, environment, number, typed],
    enabled: mayCall && typed !== '',
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const answer = await client.POST('/api/v1/integrations/{id}/test-message', {
        params: { path: { id }, query: { dry_run: true } },
        body: { environment, to: number, text: typed },
        signal,
      });
      return answer.data && 'units' in answer.data ? answer.data : null;
    },
  });
  return (
    <Text size="xs" c="dimmed" role="status" mih="1.4em">
      {data && text !== '' && partsInWords(data)}
    </Text>
  );
}

function partsInWords({ parts, units, encoding }: Schemas['MessagePreview']): string {
  const long = encoding === 'GSM-7' ? '' : ' Characters outside GSM-7 make parts shorter: 70 units, not 160.';
  return `${parts} ${parts === 1 ? 'part' : 'parts'}, ${encoding}, ${units} units.${long}`;
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
