import { Alert, Button, Code, Group, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { $api, client, ifMatch, type Schemas } from '~/api/client';
import { ConflictAlert } from '~/parts/ConflictAlert';
import { CopyButton } from '~/parts/CopyButton';
import { fieldErrors, useForm } from '~/parts/form';
import { NeedButton, NeedFields } from '~/parts/permission';
import { RetentionField } from '~/parts/RetentionField';
import { lacksDays, retentionForm, retentionOfAgent, retentionWords } from '~/parts/retention';
import { UnsavedGuard } from '~/parts/UnsavedGuard';
import { DeleteAgent } from './DeleteAgent';

type Agent = Schemas['Agent'];

const asForm = (agent: Agent) => ({
  name: agent.name,
  description: agent.description,
  retention: retentionForm(agent.retain_events_days, 'workspace'),
});

/** What is not versioned: name, description, for how long events are kept, the address for MCP clients, deletion. */
export function SettingsTab({ agent }: { agent: Agent }) {
  const form = useForm(() => asForm(agent));
  const workspace = $api.useQuery('get', '/api/v1/workspace');
  const [deleting, remove] = useDisclosure(false);
  const save = $api.useMutation('patch', '/api/v1/agents/{id}', {
    meta: { done: 'Saved', refreshes: ['/api/v1/agents'] },
    onSuccess: (answer) => form.reset(asForm(answer)),
  });
  const errors = fieldErrors(save.error);
  const path = { id: agent.id };
  function submit(revision: number) {
    const { name, description, retention } = form.values;
    const body = { name, description, retain_events_days: retentionOfAgent(retention) };
    save.mutate({ params: { path, header: ifMatch(revision) }, body });
  }
  return (
    <Stack gap="xl" maw={680}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit(agent.revision);
        }}
      >
        <NeedFields need="edit">
          <Stack gap="sm">
            <TextInput
              label="Name"
              required
              maxLength={200}
              value={form.values.name}
              onChange={(event) => form.set({ name: event.currentTarget.value })}
              error={errors('/name')}
            />
            <Textarea
              label="Description"
              description="For your team. The model does not see it."
              autosize
              minRows={2}
              value={form.values.description}
              onChange={(event) => form.set({ description: event.currentTarget.value })}
              error={errors('/description')}
            />
            <RetentionField
              value={form.values.retention}
              onChange={(retention) => form.set({ retention })}
              description="Older ones are removed, and a closed conversation goes with its last event."
              error={errors('/retain_events_days')}
              ofWorkspace={
                workspace.data ? retentionWords(workspace.data.retain_events_days) : 'see its settings'
              }
            />
            <ConflictAlert
              error={save.error}
              loadTheirs={async () => {
                const { data } = await client.GET('/api/v1/agents/{id}', { params: { path } });
                if (!data) throw new Error('the server’s response was empty');
                return data;
              }}
              view={asForm}
              mine={form.values}
              onTake={(theirs) => {
                save.reset();
                form.reset(asForm(theirs));
              }}
              onKeep={(theirs) => submit(theirs.revision)}
            />
            <Group>
              <Button
                type="submit"
                disabled={!form.dirty || !form.values.name.trim() || lacksDays(form.values.retention)}
                loading={save.isPending}
              >
                Save
              </Button>
            </Group>
          </Stack>
        </NeedFields>
      </form>
      <McpEndpoint agent={agent} />
      <Stack gap="xs" component="section">
        <Title order={2}>Delete this agent</Title>
        <Text size="sm" c="dimmed">
          Its draft and all its versions go with it. Shared actions stay.
        </Text>
        <Group>
          <NeedButton need="edit" variant="default" color="red" onClick={remove.open}>
            Delete agent…
          </NeedButton>
        </Group>
      </Stack>
      {deleting && <DeleteAgent agent={agent} onClose={remove.close} />}
      <UnsavedGuard when={form.dirty} />
    </Stack>
  );
}

function McpEndpoint({ agent }: { agent: Agent }) {
  const url = `${window.location.origin}/mcp/agents/${agent.id}`;
  return (
    <Stack gap="xs" component="section">
      <Title order={2}>Use it as an MCP server</Title>
      <Text size="sm" c="dimmed">
        An MCP client that connects here (Streamable HTTP) gets this agent’s actions as tools. It needs an{' '}
        <Link to="/api-keys">API key</Link> of the scope run as its Bearer token.
      </Text>
      <Group gap={4} wrap="nowrap">
        <Code className="wrap-anywhere" p="xs">
          {url}
        </Code>
        <CopyButton value={url} label="Copy the MCP endpoint URL" />
      </Group>
      {agent.published_version === null && (
        <Alert color="yellow" variant="light" py={6}>
          The agent is not published: sessions start only once a version is.
        </Alert>
      )}
    </Stack>
  );
}
