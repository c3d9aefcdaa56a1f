import { Alert, Button, Group, SegmentedControl } from '@mantine/core';
import IconPlugConnected from '@tabler/icons-react/icons/IconPlugConnected';
import { useState } from 'react';
import { $api, type Schemas } from '~/api/client';
import { ENVIRONMENT_LABEL, ENVIRONMENTS, type Environment } from '~/parts/environments';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { connectionWords, isTelling } from './connectionWords';
import type { Kind } from './kinds';
import { type IntegrationForm, inputOf } from './model';

/** Asks the service what the form describes, before it is saved: who answers, and whether they take us. */
export function TestConnection({ kind, values }: { kind: Kind; values: IntegrationForm }) {
  const filled = ENVIRONMENTS.filter((one) => kind !== 'custom_api' || values.slots[one]);
  const [chosen, setChosen] = useState<Environment | null>(null);
  const environment = chosen && filled.includes(chosen) ? chosen : filled.at(-1);
  const test = $api.useMutation('post', '/api/v1/integrations/test', { meta: { refreshes: [] } });
  if (!environment) return null;

  function ask(at: Environment) {
    const input = inputOf(values, kind);
    const named = { kind, ...input, name: input.name || 'Connection' };
    const integration = named as Schemas['IntegrationInput'];
    test.mutate({ body: { environment: at, integration } });
  }
  return (
    <>
      <Group gap="sm">
        <Button
          variant="default"
          leftSection={<IconPlugConnected size={16} aria-hidden />}
          loading={test.isPending}
          onClick={() => ask(environment)}
        >
          Test connection
        </Button>
        {filled.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label="Where to test"
            data={filled.map((one) => ({ value: one, label: ENVIRONMENT_LABEL[one] }))}
            value={environment}
            onChange={(value) => setChosen(value as Environment)}
          />
        )}
      </Group>
      <div aria-live="polite">
        {test.data && !test.isPending && <Outcome kind={kind} answer={test.data} />}
        <ProblemAlert error={test.error} />
      </div>
    </>
  );
}

function Outcome({ kind, answer }: { kind: Kind; answer: Schemas['ConnectionTestAnswer'] }) {
  const took = `${answer.duration_ms} ms`;
  if (answer.error) {
    return (
      <Alert color="red" title="The connection does not work">
        {answer.error.message} ({took})
      </Alert>
    );
  }
  return (
    <Alert color="green" title={isTelling(kind, answer) ? 'The connection works' : 'The service answers'}>
      {connectionWords(kind, answer)} ({took})
    </Alert>
  );
}
