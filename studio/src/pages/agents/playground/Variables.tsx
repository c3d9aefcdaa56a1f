import { Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { $api, type Schemas } from '~/api/client';
import { useCan } from '~/api/session';
import { JsonView } from '~/parts/JsonView';
import { ProblemAlert } from '~/parts/ProblemAlert';

/** The variables there are, and one set by hand as a runtime would. */
export function Variables({ conversation }: { conversation: Schemas['Conversation'] }) {
  const [open, form] = useDisclosure(false);
  const mayCall = useCan('call');
  const closed = conversation.status === 'closed';
  return (
    <Stack gap="xs" component="section" aria-labelledby="playground-variables">
      <Group justify="space-between">
        <Title order={2} id="playground-variables">
          Variables
        </Title>
        {mayCall && !closed && (
          <Button variant="subtle" size="compact-xs" aria-expanded={open} onClick={form.toggle}>
            {open ? 'Done' : 'Set one'}
          </Button>
        )}
      </Group>
      {open && <SetVariable id={conversation.id} />}
      <JsonView value={conversation.variables} label="variables" />
    </Stack>
  );
}

function SetVariable({ id }: { id: string }) {
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const set = $api.useMutation('patch', '/api/v1/conversations/{id}', {
    meta: { refreshes: ['/api/v1/conversations/{id}'] },
    onSuccess: () => setText(''),
  });
  const send = (value: unknown) =>
    set.mutate({ params: { path: { id } }, body: { variables: { [name.trim()]: value } } });
  return (
    <Stack gap="xs" component="form" onSubmit={(event) => event.preventDefault()}>
      <Group gap="xs" align="flex-end" grow preventGrowOverflow={false}>
        <TextInput
          size="xs"
          label="Name"
          classNames={{ input: 'mono' }}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          label="Value"
          description="JSON; anything else is text."
          inputWrapperOrder={['label', 'input', 'description']}
          classNames={{ input: 'mono' }}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </Group>
      <Group gap="xs">
        <Button
          type="submit"
          disabled={name.trim() === ''}
          loading={set.isPending}
          onClick={() => send(typedValue(text))}
        >
          Set
        </Button>
        <Button variant="default" disabled={name.trim() === ''} onClick={() => send(null)}>
          Remove
        </Button>
        <Text size="xs" c="dimmed">
          The call’s own numbers cannot be changed.
        </Text>
      </Group>
      <ProblemAlert error={set.error} />
    </Stack>
  );
}

function typedValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
