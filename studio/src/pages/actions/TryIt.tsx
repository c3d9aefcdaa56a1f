import { Alert, Button, Collapse, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { $api, type Schemas } from '~/api/client';
import { CodeEditor } from '~/parts/CodeEditor';
import { ENVIRONMENT_LABEL, ENVIRONMENTS, type Environment } from '~/parts/environments';
import { fieldErrors } from '~/parts/form';
import { typedObject } from '~/parts/json';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { ArgumentsEditor } from '~/parts/schema/ArgumentsEditor';
import { startingArguments } from '~/parts/schema/arguments';
import type { JsonObject } from '~/parts/schema/schema';
import { TestResult } from './TestResult';
import type { Action } from './values';

type Answer = Schemas['TestAnswer'];

interface Props {
  action: Action;
  dirty: boolean;
  integration: Schemas['Integration'] | undefined;
  answer: Answer | undefined;
  onAnswer: (answer: Answer) => void;
}

/** Environment and arguments on one side, what was sent and what came back on the other. */
export function TryIt({ action, dirty, integration, answer, onAnswer }: Props) {
  const [environment, setEnvironment] = useState<Environment>('development');
  const [args, setArgs] = useState<JsonObject>(() => startingArguments(action.parameters));
  const [variables, setVariables] = useState('{\n  "call": { "from": "+4930123456" }\n}');
  const [valid, setValid] = useState(true);
  const [more, toggle] = useDisclosure(false);
  const test = $api.useMutation('post', '/api/v1/actions/{id}/test', {
    meta: { refreshes: [] },
    onSuccess: onAnswer,
  });
  const given = typedObject(variables);
  const slots = integration?.environments;
  const empty = slots !== undefined && !slots[environment];
  const send = () =>
    test.mutate({
      params: { path: { id: action.id } },
      body: { environment, arguments: args, ...(given ? { variables: given } : {}) },
    });
  return (
    <div className="two-columns">
      <Stack gap="sm">
        <NativeSelect
          label="Environment"
          data={ENVIRONMENTS.map((one) => ({ value: one, label: ENVIRONMENT_LABEL[one] }))}
          value={environment}
          onChange={(event) => {
            const next = ENVIRONMENTS.find((one) => one === event.currentTarget.value);
            if (next) setEnvironment(next);
          }}
          error={empty ? 'The integration is not set up for this environment' : undefined}
        />
        <ArgumentsEditor
          schema={action.parameters}
          value={args}
          onChange={setArgs}
          errors={fieldErrors(test.error)}
          onValid={setValid}
        />
        <Button
          variant="subtle"
          size="compact-xs"
          style={{ alignSelf: 'flex-start' }}
          aria-expanded={more}
          onClick={toggle.toggle}
        >
          {more ? 'Hide' : 'Show'} the variables of the conversation
        </Button>
        <Collapse expanded={more}>
          {more && (
            <CodeEditor
              label="Variables of the conversation"
              description="What templates see as variables."
              language="json"
              value={variables}
              onChange={setVariables}
              error={given ? undefined : 'This is not a JSON object yet'}
            />
          )}
        </Collapse>
        {dirty && (
          <Alert color="yellow" variant="light" py={6}>
            This tries the action as it is saved, without your changes. Save them first to try them.
          </Alert>
        )}
        <Group>
          <NeedButton
            need="call"
            onClick={send}
            loading={test.isPending}
            disabled={!valid || !given}
            variant={dirty ? 'default' : 'filled'}
          >
            {action.method && action.method !== 'GET' ? `Send this ${action.method}` : 'Send'}
          </NeedButton>
          {environment === 'production' && (
            <Text size="xs" c="dimmed">
              This reaches production.
            </Text>
          )}
        </Group>
      </Stack>
      <Stack gap="sm" aria-live="polite">
        <ProblemAlert error={test.error} />
        {answer ? (
          <TestResult answer={answer} />
        ) : (
          <Text c="dimmed" size="sm">
            The request as it was sent, with secrets masked, and the response are shown here.
          </Text>
        )}
      </Stack>
    </div>
  );
}
