import { Alert, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { MethodBadge, StatusBadge } from '~/parts/badges';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import type { BindingValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { GatesEditor } from './GatesEditor';
import { OverridesEditor } from './OverridesEditor';
import { RepairButtons } from './RepairButtons';
import { type Action, type Linked, useBindingNames } from './useLinked';

interface Props {
  binding: BindingValues;
  linked: Linked | undefined;
  onChange: (binding: BindingValues) => void;
  errors: (pointer: string, under?: 'under') => string | undefined;
}

/** A link: the live shape it has, and what this agent sets differently. */
export function LinkEditor({ binding, linked, onChange, errors }: Props) {
  const { agentId, readOnly } = useDraft();
  const names = useBindingNames([binding]);
  const name = names.get(binding.link?.action_id ?? '') ?? 'this action';
  if (!linked || linked.state === 'loading') return <LoadingRows rows={4} />;
  if (linked.state === 'failed') return <ProblemAlert error={linked.error} />;
  const overrideErrors = (pointer: string, under?: 'under') => errors(`overrides/${pointer}`, under);
  const gates = (
    <fieldset disabled={readOnly} className="need-fields">
      <GatesEditor binding={binding} onChange={onChange} errors={overrideErrors} />
    </fieldset>
  );
  if (linked.state === 'deleted') {
    return (
      <Stack>
        <Alert color="red" variant="light" title="The link is broken">
          <Text size="sm" mb="xs">
            {name} was deleted. The agent cannot call it, and cannot be published with it.
          </Text>
          <RepairButtons binding={binding} name={name} moved={false} />
        </Alert>
        {gates}
      </Stack>
    );
  }
  const { action } = linked;
  return (
    <Stack gap="md">
      {linked.state === 'moved' && (
        <Alert color="red" variant="light" title="The action was moved to another integration">
          <Text size="sm" mb="xs">
            The agent cannot call it until the link says where it is now.
          </Text>
          <RepairButtons binding={binding} name={action.name} moved />
        </Alert>
      )}
      <Shape action={action} agentId={agentId} />
      {gates}
      {action.integration_kind === 'custom_api' ? (
        <OverridesEditor binding={binding} action={action} onChange={onChange} errors={errors} />
      ) : (
        <Text size="sm" c="dimmed">
          {action.integration_kind === 'mcp_server'
            ? "The MCP server defines the tool's arguments; an agent cannot override them."
            : 'The shared action defines the message and its arguments.'}
        </Text>
      )}
    </Stack>
  );
}

/** What the shared action owns: to read here, to change there, for every agent. */
function Shape({ action, agentId }: { action: Action; agentId: string }) {
  return (
    <Stack gap={4} className="panel" p="sm">
      <Group gap="xs">
        {action.method ? (
          <MethodBadge method={action.method} />
        ) : (
          <StatusBadge tone="plain">MCP tool</StatusBadge>
        )}
        {action.path && (
          <Text span className="mono wrap-anywhere">
            {action.path}
          </Text>
        )}
      </Group>
      {action.description && <Text size="sm">{action.description}</Text>}
      {action.output_variables && action.output_variables.length > 0 && (
        <Text size="xs" c="dimmed">
          Sets {action.output_variables.map((one) => one.name).join(', ')}
        </Text>
      )}
      <Text size="xs">
        Live: a change of the shared action is used by every agent from the next call on.{' '}
        <Link to="/actions/$id" params={{ id: action.id }} search={{ agent: agentId }}>
          Open the shared action
        </Link>
      </Text>
    </Stack>
  );
}
