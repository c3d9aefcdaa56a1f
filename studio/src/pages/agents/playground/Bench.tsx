import { Stack, Text, Title } from '@mantine/core';
import { $api } from '~/api/client';
import { useEvents } from '~/api/events';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { EventFeed } from '../../conversations/events/EventFeed';
import { useBindings } from '../../conversations/useBindings';
import { BenchHead } from './BenchHead';
import { Tools } from './Tools';
import { Variables } from './Variables';

interface Props {
  agentId: string;
  conversationId: string;
  onNew: () => void;
}

/** A running conversation: its actions and variables on one side, what happens on the other. */
export function Bench({ agentId, conversationId, onNew }: Props) {
  const path = { id: conversationId };
  const conversation = $api.useQuery('get', '/api/v1/conversations/{id}', { params: { path } });
  const log = useEvents(conversationId);
  const data = conversation.data;
  const bindings = useBindings(data?.agent_id, data?.version);
  if (conversation.error) {
    return <ProblemAlert error={conversation.error} onRetry={() => void conversation.refetch()} />;
  }
  if (!data) return <LoadingRows />;
  return (
    <Stack gap="md">
      <BenchHead conversation={data} agentId={agentId} onNew={onNew} />
      {data.agent_id !== agentId && <Text>This conversation belongs to another agent.</Text>}
      <div className="two-columns">
        <Stack gap="lg">
          <Tools conversation={data} />
          <Variables conversation={data} />
        </Stack>
        <Stack gap="xs" component="section" aria-labelledby="playground-events">
          <Title order={2} id="playground-events">
            What happens
          </Title>
          <EventFeed
            log={log}
            conversationId={conversationId}
            agentId={data.agent_id}
            bindings={bindings}
            closed={data.status === 'closed'}
            newestFirst
          />
        </Stack>
      </div>
    </Stack>
  );
}
