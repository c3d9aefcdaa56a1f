import { Group, List, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '~/api/client';
import { Problem } from '~/api/problem';
import { ClassBadge, StatusBadge } from './badges';
import { pointerWords } from './form';
import { ProblemAlert } from './ProblemAlert';

type Report = Schemas['Report'];
type Affected = Report['affected'][number];

const CHANGE_WORDS: Record<string, string> = {
  changed: 'changes',
  deleted: 'is broken',
  moved: 'is broken until it is linked again',
  integration_deleted: 'is broken',
  secret_deleted: 'fails without the secret',
};

const MOST_MENTIONS = 3;

export function versionWords(version: Affected['version']): string {
  return version === 'draft' ? 'draft' : `v${version}`;
}

/** The answer to a dry run: each agent and version that would be affected, and how. */
export function AffectedList({ report, nobody }: { report: Report; nobody: string }) {
  if (report.refusal && report.affected.length === 0) return <Refusal refusal={report.refusal} />;
  if (report.affected.length === 0) return <Text c="dimmed">{nobody}</Text>;
  const published = report.affected.filter((one) => one.published).length;
  return (
    <Stack gap="xs">
      {report.refusal && <Refusal refusal={report.refusal} />}
      <Text fw={600}>
        {published > 0
          ? `Affects ${published} published ${published === 1 ? 'agent' : 'agents'}, from the next call on`
          : 'Affects versions that are not published'}
      </Text>
      <Stack
        gap={0}
        className="panel"
        mah={320}
        style={{ overflow: 'auto' }}
        tabIndex={0}
        role="group"
        aria-label="Affected"
      >
        {report.affected.map((one) => (
          <AffectedRow key={`${one.agent_id}/${one.version}`} one={one} />
        ))}
      </Stack>
    </Stack>
  );
}

function Refusal({ refusal }: { refusal: NonNullable<Report['refusal']> }) {
  return <ProblemAlert error={new Problem({ status: 409, ...refusal, title: 'This is not possible now' })} />;
}

/** Where the agent's own words name what goes away. */
function Mentions({ mentions }: { mentions: readonly Schemas['Mention'][] }) {
  const first = mentions.slice(0, MOST_MENTIONS);
  return (
    <>
      {first.map((one) => (
        <Text key={`${one.where}/${one.quote}`} size="xs" c="dimmed" pl="sm" className="wrap-anywhere">
          mentioned in {pointerWords(one.where)}: “{one.quote}”
        </Text>
      ))}
      {mentions.length > first.length && (
        <Text size="xs" c="dimmed" pl="sm">
          and {mentions.length - first.length} more times
        </Text>
      )}
    </>
  );
}

function AffectedRow({ one }: { one: Affected }) {
  return (
    <Stack gap={2} p="xs" style={{ borderBlockEnd: '1px solid var(--sb-line)' }}>
      <Group gap="xs">
        <Link to="/agents/$id" params={{ id: one.agent_id }} search={{ tab: 'actions' }} target="_blank">
          {one.agent_name}
        </Link>
        <StatusBadge tone="plain">{versionWords(one.version)}</StatusBadge>
        {one.published && <StatusBadge tone="good">published</StatusBadge>}
      </Group>
      <List size="sm" listStyleType="none">
        {one.changes.map((change) => (
          <List.Item key={`${change.binding_id}/${change.action_id ?? change.name}`}>
            <Group gap={6}>
              <span className="mono">{change.name}</span>
              <span>{CHANGE_WORDS[change.change] ?? change.change}</span>
              <ClassBadge value={change.class} />
              {change.fields.length > 0 && (
                <Text span size="xs" c="dimmed">
                  {change.fields.map((field) => field.field).join(', ')}
                </Text>
              )}
            </Group>
            {change.fields.map((field) => (
              <Mentions key={field.field} mentions={field.mentions ?? []} />
            ))}
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}
