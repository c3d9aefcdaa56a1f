import { List, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Exchange } from '~/parts/Exchange';
import { pointerWords } from '~/parts/form';
import { JsonView } from '~/parts/JsonView';
import { LeftOut } from '~/parts/LeftOut';
import type { Bindings } from '../useBindings';
import type { Call } from './call';

interface Props {
  call: Call;
  agentId: string;
  bindings: Bindings;
}

/** A call in full: why it failed, arguments, what was sent and what came back, variables. */
export function CallDetails({ call, agentId, bindings }: Props) {
  return (
    <Stack gap="xs">
      {call.error && (
        <div>
          <Text size="sm" className="wrap-anywhere">
            {call.error.message}
          </Text>
          {call.error.errors.length > 0 && (
            <List size="sm">
              {call.error.errors.map((one) => (
                <List.Item key={`${one.pointer}/${one.detail}`}>
                  {one.pointer && <b>{pointerWords(one.pointer)}: </b>}
                  {one.detail}
                </List.Item>
              ))}
            </List>
          )}
        </div>
      )}
      <ActionLink call={call} agentId={agentId} bindings={bindings} />
      <div>
        <Text fw={500} size="sm" mb={4}>
          Arguments
        </Text>
        <JsonView value={call.arguments} label="arguments" />
      </div>
      <Exchange request={call.request} response={call.response} />
      {Object.keys(call.variables).length > 0 && (
        <div>
          <Text fw={500} size="sm" mb={4}>
            Variables set
          </Text>
          <JsonView value={call.variables} label="variables set" />
        </div>
      )}
      {call.unmatched.length > 0 && (
        <Text size="sm">
          Nothing was found for <span className="mono">{call.unmatched.join(', ')}</span>.
        </Text>
      )}
      <LeftOut names={call.leftOut} reasons={call.leftOutReasons} />
      <Text size="xs" c="dimmed" className="mono wrap-anywhere">
        {call.id}
      </Text>
    </Stack>
  );
}

/** From a call to where its action is defined: the shared action, or the agent that has it. */
function ActionLink({ call, agentId, bindings }: Props) {
  if (!call.bindingId) return null;
  const binding = bindings.get(call.bindingId);
  const shared = binding?.link?.action_id;
  return (
    <Text size="sm">
      {shared && (
        <>
          <Link to="/actions/$id" params={{ id: shared }} search={{ agent: agentId }}>
            Open the shared action
          </Link>
          {' · '}
        </>
      )}
      <Link to="/agents/$id" params={{ id: agentId }} search={{ tab: 'actions', binding: call.bindingId }}>
        {shared ? 'how the agent uses it' : 'Open it in the agent'}
      </Link>
    </Text>
  );
}
