import { Alert, Stack, Text } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { $api, type Schemas } from '~/api/client';
import { useNames } from '~/api/names';
import { StatusBadge } from '~/parts/badges';
import { LoadingRows } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ExactTime } from '~/parts/time';
import { statusOf } from './status';

const route = getRouteApi('/app/messages/$id');

/** One text message: how far it came, why not further, and where it came from. */
export function MessagePage() {
  const { id } = route.useParams();
  const { data, error, refetch } = $api.useQuery(
    'get',
    '/api/v1/messages/{id}',
    { params: { path: { id } } },
    { refetchInterval: 5_000 },
  );
  return (
    <div className="page">
      <PageHeader
        title={data ? `Message to ${data.to}` : 'Message'}
        crumbs={[
          <Link key="all" to="/messages">
            Messages
          </Link>,
        ]}
        badges={data && <Badge message={data} />}
      />
      {data ? (
        <Loaded message={data} />
      ) : error ? (
        <ProblemAlert error={error} onRetry={() => void refetch()} />
      ) : (
        <LoadingRows />
      )}
    </div>
  );
}

function Badge({ message }: { message: Schemas['Message'] }) {
  const about = statusOf(message.status);
  return <StatusBadge tone={about.tone}>{about.label}</StatusBadge>;
}

function Loaded({ message }: { message: Schemas['Message'] }) {
  const names = useNames();
  const about = statusOf(message.status);
  return (
    <div className="log-and-facts">
      <Stack gap="sm">
        <Text>{about.says}</Text>
        {message.error && (
          <Alert color={about.tone === 'bad' ? 'red' : 'yellow'} variant="light" title={message.error.title}>
            {message.error.detail && <Text size="sm">{message.error.detail}</Text>}
            {message.error.advice && (
              <Text size="sm">
                <b>What to do:</b> {message.error.advice}
              </Text>
            )}
            <Text size="xs" className="mono" mt={4}>
              {message.error.code}
            </Text>
          </Alert>
        )}
        <blockquote className="sms">{message.text}</blockquote>
        <Text size="xs" c="dimmed">
          {message.parts} {message.parts === 1 ? 'part' : 'parts'}, {message.encoding}
        </Text>
      </Stack>
      <dl className="facts">
        <dt>From</dt>
        <dd className="mono">{message.from}</dd>
        <dt>To</dt>
        <dd className="mono">{message.to}</dd>
        <dt>Channel</dt>
        <dd>
          <Link to="/integrations/$id" params={{ id: message.integration_id }}>
            {names.get(message.integration_id) ?? 'Its channel'}
          </Link>
        </dd>
        <dt>Environment</dt>
        <dd>{message.environment}</dd>
        <dt>Conversation</dt>
        <dd>
          {message.conversation_id ? (
            <Link to="/conversations/$id" params={{ id: message.conversation_id }}>
              Open its log
            </Link>
          ) : (
            'none: a test message'
          )}
        </dd>
        <dt>Accepted</dt>
        <dd>{message.accepted ? 'by the provider' : 'not yet'}</dd>
        <dt>Attempts</dt>
        <dd>{message.attempts}</dd>
        <dt>Asked for</dt>
        <dd>
          <ExactTime at={message.created_at} />
        </dd>
        <dt>Last change</dt>
        <dd>
          <ExactTime at={message.updated_at} />
        </dd>
        {message.provider_message_id && (
          <>
            <dt>At the provider</dt>
            <dd className="mono">{message.provider_message_id}</dd>
          </>
        )}
      </dl>
    </div>
  );
}
