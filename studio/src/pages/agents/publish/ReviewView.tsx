import { Alert, List, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '~/api/client';
import { BrokenRow } from './BlockedView';
import type { Review } from './usePublishDraft';

interface Props {
  agent: Schemas['Agent'];
  review: Review;
  onClose: () => void;
}

type Finding = Schemas['PublishFinding'];

/** What there is to know before the draft is published; broken links are fixed right here. */
export function ReviewView({ agent, review, onClose }: Props) {
  const of = (severity: Finding['severity']) =>
    review.findings.filter((one) => one.severity === severity && one.code !== 'broken_references');
  const broken = review.broken_references;
  return (
    <Stack>
      {broken.length > 0 && (
        <Stack gap="xs" component="section">
          <Title order={3}>
            {broken.length === 1 ? 'One link is broken' : `${broken.length} links are broken`}
          </Title>
          <Text size="sm" c="dimmed">
            Link each again or remove it. This changes the draft at once.
          </Text>
          <Stack gap={0} className="panel">
            {broken.map((one) => (
              <BrokenRow key={one.binding_id} one={one} />
            ))}
          </Stack>
        </Stack>
      )}
      <Findings title="To fix in the draft" color="red" list={of('blocks')} agent={agent} onClose={onClose} />
      <Findings
        title="This fails in production, or breaks the agent"
        color="orange"
        list={of('needs_accept')}
        agent={agent}
        onClose={onClose}
      />
      <Findings title="To look at" color="yellow" list={of('warns')} agent={agent} onClose={onClose} />
      <Changes review={review} />
    </Stack>
  );
}

interface FindingsProps {
  title: string;
  color: string;
  list: Finding[];
  agent: Schemas['Agent'];
  onClose: () => void;
}

function Findings({ title, color, list, agent, onClose }: FindingsProps) {
  if (list.length === 0) return null;
  return (
    <Alert color={color} variant="light" title={title}>
      <List size="sm" spacing={4} className="plain-links">
        {list.map((one) => (
          <List.Item key={`${one.code}:${one.detail}`} className="wrap-anywhere">
            {one.detail}{' '}
            {one.binding_ids[0] && (
              <Link
                to="/agents/$id"
                params={{ id: agent.id }}
                search={{ tab: 'actions', binding: one.binding_ids[0] }}
                onClick={onClose}
              >
                Open
              </Link>
            )}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

const CHANGE: Record<Schemas['PartChange'], string> = {
  added: 'new',
  removed: 'removed',
  changed: 'changed',
};

/** What differs from the published version, in a line for each part. */
function Changes({ review }: { review: Review }) {
  const { fields, states, actions } = review.differences;
  const names = (list: { field: string }[]) => list.map((one) => one.field).join(', ');
  const part = (kind: string, name: string, one: Schemas['StateDifference'] | Schemas['ActionDifference']) =>
    `${kind} ${name}: ${one.change === 'changed' ? names(one.fields) : CHANGE[one.change]}`;
  const lines = [
    ...(fields.length > 0 ? [`Changed: ${names(fields)}`] : []),
    ...states.map((one) => part('State', one.name, one)),
    ...actions.map((one) => part('Action', one.name, one)),
  ];
  const since = review.published_version;
  if (since === null) return null;
  return (
    <Stack gap={4} component="section">
      <Title order={3}>Differences to v{since}</Title>
      {lines.length === 0 && <Text size="sm">None.</Text>}
      <List size="sm" className="wrap-anywhere">
        {lines.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </Stack>
  );
}
