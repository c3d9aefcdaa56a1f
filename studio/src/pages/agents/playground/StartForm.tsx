import { NativeSelect, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { $api } from '~/api/client';
import { CodeEditor } from '~/parts/CodeEditor';
import { ENVIRONMENT_LABEL, ENVIRONMENTS, type Environment } from '~/parts/environments';
import { typedObject } from '~/parts/json';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { Recent } from './Recent';
import { useVersions, versionOf } from './useVersions';

interface Props {
  agentId: string;
  onStarted: (conversationId: string) => void;
}

/** A new conversation: where, on which version, and what is known when it starts. */
export function StartForm({ agentId, onStarted }: Props) {
  const versions = useVersions(agentId);
  const [environment, setEnvironment] = useState<Environment>('development');
  const [version, setVersion] = useState('draft');
  const [from, setFrom] = useState('+4930123456');
  const [to, setTo] = useState('');
  const [more, setMore] = useState('{}');
  const start = $api.useMutation('post', '/api/v1/conversations', {
    meta: { refreshes: ['/api/v1/conversations'] },
    onSuccess: (conversation) => onStarted(conversation.id),
  });
  const others = typedObject(more);
  const submit = () => {
    const call = { ...(from ? { from } : {}), ...(to ? { to } : {}) };
    start.mutate({
      body: {
        agent_id: agentId,
        environment,
        version: versionOf(version),
        variables: { ...others, ...(Object.keys(call).length > 0 ? { call } : {}) },
      },
    });
  };
  return (
    <div className="two-columns">
      <Stack gap="sm" component="form" onSubmit={(event) => event.preventDefault()}>
        <Title order={2}>Start a conversation</Title>
        <Text c="dimmed" size="sm">
          You are the runtime: you see which actions the agent may call now, call them, and follow what
          happens. Calls are real.
        </Text>
        <NativeSelect
          label="Environment"
          description="It cannot be changed after the start."
          data={ENVIRONMENTS.map((one) => ({ value: one, label: ENVIRONMENT_LABEL[one] }))}
          value={environment}
          onChange={(event) => {
            const next = ENVIRONMENTS.find((one) => one === event.currentTarget.value);
            if (next) setEnvironment(next);
          }}
        />
        <NativeSelect
          label="Version"
          description="The draft is the one that was saved last."
          data={versions}
          value={version}
          onChange={(event) => setVersion(event.currentTarget.value)}
        />
        <div className="two-columns">
          <TextInput
            label="Caller"
            description="variables.call.from"
            placeholder="+4930123456"
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            label="Called number"
            description="variables.call.to"
            placeholder="+4989654321"
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
        </div>
        <CodeEditor
          label="Other variables"
          description="What your runtime would pass at the start, as a JSON object."
          language="json"
          value={more}
          onChange={setMore}
          minHeight={72}
          error={others ? undefined : 'This is not a JSON object yet'}
        />
        <ProblemAlert error={start.error} />
        <NeedButton
          need="call"
          type="submit"
          style={{ alignSelf: 'flex-start' }}
          disabled={!others}
          loading={start.isPending}
          onClick={submit}
        >
          Start
        </NeedButton>
      </Stack>
      <Recent agentId={agentId} onOpen={onStarted} />
    </div>
  );
}
