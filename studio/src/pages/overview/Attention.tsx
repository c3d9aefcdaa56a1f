import { Group, List, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '~/api/client';
import { StatusBadge } from '~/parts/badges';
import { NamedLink } from '~/parts/EntityLink';

/** Published agents whose linked actions are no longer what they were when the version was locked. */
export function Drift({ drift }: { drift: readonly Schemas['OverviewDrift'][] }) {
  return (
    <Stack gap="xs" component="section" aria-labelledby="drift">
      <Title order={2} id="drift">
        Drift of published agents
      </Title>
      <Text size="sm" c="dimmed">
        Linked actions that changed since the published version was locked.
      </Text>
      {drift.length === 0 ? (
        <Text size="sm">None: no linked action of a published agent has changed.</Text>
      ) : (
        <ul className="panel event-list">
          {drift.map((one) => (
            <li key={one.agent_id} className="event-row" style={{ padding: '8px 12px' }}>
              <Group gap={8}>
                <Link
                  className="quiet-link"
                  to="/agents/$id/versions/$number"
                  params={{ id: one.agent_id, number: String(one.version) }}
                >
                  {one.agent_name}
                </Link>
                <Text span size="xs" c="dimmed">
                  v{one.version}
                </Text>
                <StatusBadge tone="warn">
                  {one.changed === 1 ? '1 action changed' : `${one.changed} actions changed`}
                </StatusBadge>
              </Group>
            </li>
          ))}
        </ul>
      )}
    </Stack>
  );
}

/** Secrets that something uses in an environment where they have no value. */
export function MissingSecrets({ secrets }: { secrets: readonly Schemas['MissingSecret'][] }) {
  return (
    <Stack gap="xs" component="section" aria-labelledby="missing">
      <Title order={2} id="missing">
        Missing secrets
      </Title>
      <Text size="sm" c="dimmed">
        Without a value, a call that needs it fails; it is never made without.
      </Text>
      {secrets.length === 0 ? (
        <Text size="sm">None: every secret in use has its values.</Text>
      ) : (
        <ul className="panel event-list">
          {secrets.map((one) => (
            <li key={one.name} className="event-row" style={{ padding: '8px 12px' }}>
              <Group gap={8}>
                <Link className="quiet-link mono" to="/secrets" search={{ name: one.name }}>
                  {one.name}
                </Link>
                {one.environments.map((environment) => (
                  <StatusBadge key={environment} tone={environment === 'production' ? 'bad' : 'warn'}>
                    {`no value in ${environment}`}
                  </StatusBadge>
                ))}
              </Group>
              <List size="xs" c="dimmed" listStyleType="none">
                {one.used_by.map((user) => (
                  <List.Item key={`${user.kind}/${user.id}`}>
                    used by the {user.kind} <NamedLink kind={user.kind} id={user.id} />
                  </List.Item>
                ))}
              </List>
            </li>
          ))}
        </ul>
      )}
    </Stack>
  );
}
