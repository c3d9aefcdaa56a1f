import { Group, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { getRouteApi, Link } from '@tanstack/react-router';
import { $api, type Schemas } from '~/api/client';
import { useEvents } from '~/api/events';
import { versionWords } from '~/parts/AffectedList';
import { StatusBadge } from '~/parts/badges';
import { CopyButton } from '~/parts/CopyButton';
import { JsonView } from '~/parts/JsonView';
import { LoadingRows } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { ExactTime, RelativeTime } from '~/parts/time';
import { ConversationBadge } from './ConversationBadge';
import { DeleteConversation } from './DeleteConversation';
import { EventFeed } from './events/EventFeed';
import { useBindings } from './useBindings';

const route = getRouteApi('/app/conversations/$id');

/** One conversation: how it stands, and its whole log. */
export function ConversationPage() {
  const { id } = route.useParams();
  const conversation = $api.useQuery('get', '/api/v1/conversations/{id}', { params: { path: { id } } });
  return (
    <div className="page">
      {conversation.data ? (
        <Loaded conversation={conversation.data} />
      ) : (
        <>
          <PageHeader title="Conversation" crumbs={[<Crumb key="all" />]} />
          {conversation.error ? (
            <ProblemAlert error={conversation.error} onRetry={() => void conversation.refetch()} />
          ) : (
            <LoadingRows />
          )}
        </>
      )}
    </div>
  );
}

function Crumb() {
  return <Link to="/conversations">Conversations</Link>;
}

function Loaded({ conversation }: { conversation: Schemas['Conversation'] }) {
  const { event } = route.useSearch();
  const [deleting, remove] = useDisclosure(false);
  const read = $api.useQuery('get', '/api/v1/agents/{id}', {
    params: { path: { id: conversation.agent_id } },
  });
  const log = useEvents(conversation.id);
  const bindings = useBindings(conversation.agent_id, conversation.version);
  const agent = read.data?.name ?? (read.isPending ? 'Conversation' : 'A deleted agent');
  return (
    <>
      <PageHeader
        title={`${agent}, ${versionWords(conversation.version)}`}
        crumbs={[<Crumb key="all" />]}
        badges={
          <>
            <ConversationBadge status={conversation.status} />
            <StatusBadge tone="plain">{conversation.environment}</StatusBadge>
          </>
        }
        actions={
          <>
            <Link
              to="/agents/$id"
              params={{ id: conversation.agent_id }}
              search={{ tab: 'playground', conversation: conversation.id }}
            >
              Open in the playground
            </Link>
            <NeedButton need="edit" variant="default" color="red" onClick={remove.open}>
              Delete conversation…
            </NeedButton>
          </>
        }
      />
      {deleting && <DeleteConversation id={conversation.id} onClose={remove.close} />}
      <div className="log-and-facts">
        <Stack gap="xs" component="section" aria-labelledby="log">
          <Title order={2} id="log">
            Log
          </Title>
          <EventFeed
            log={log}
            conversationId={conversation.id}
            agentId={conversation.agent_id}
            bindings={bindings}
            closed={conversation.status === 'closed'}
            target={event}
          />
        </Stack>
        <Facts conversation={conversation} agent={agent} />
      </div>
    </>
  );
}

function Facts({ conversation, agent }: { conversation: Schemas['Conversation']; agent: string }) {
  return (
    <Stack gap="sm" component="aside" aria-label="Details">
      <Title order={2}>Details</Title>
      <dl className="facts">
        <dt>Agent</dt>
        <dd>
          <Link to="/agents/$id" params={{ id: conversation.agent_id }}>
            {agent}
          </Link>
        </dd>
        <dt>Phase</dt>
        <dd>{conversation.phase}</dd>
        <dt>State</dt>
        <dd>{conversation.state ?? 'none'}</dd>
        <dt>Started</dt>
        <dd>
          <ExactTime at={conversation.created_at} />
        </dd>
        <dt>Last change</dt>
        <dd>
          <RelativeTime at={conversation.updated_at} />
        </dd>
        <dt>Id</dt>
        <dd>
          <Group gap={4} wrap="nowrap">
            <span className="mono wrap-anywhere">{conversation.id}</span>
            <CopyButton value={conversation.id} label="Copy the id" />
          </Group>
        </dd>
      </dl>
      <div>
        <Text fw={500} mb={4}>
          Variables
        </Text>
        <JsonView value={conversation.variables} label="variables" />
      </div>
    </Stack>
  );
}
