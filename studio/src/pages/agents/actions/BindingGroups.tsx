import { Group, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { StatusBadge } from '~/parts/badges';
import type { BindingValues } from '../draft/model';
import { BindingRow } from './BindingRow';
import { type LinkedActions, useIntegrations } from './useLinked';

interface Props {
  bindings: readonly BindingValues[];
  linked: LinkedActions;
  names: ReadonlyMap<string, string>;
  onOpen: (key: string) => void;
}

const KIND_LABEL: Record<string, string> = {
  custom_api: 'API',
  mcp_server: 'MCP server',
  messaging_channel: 'messaging channel',
};

/** The bindings, links by their integration, then the agent's own. */
export function BindingGroups({ bindings, linked, names, onOpen }: Props) {
  const { byId, list } = useIntegrations();
  const groups = new Map<string, BindingValues[]>();
  const own: BindingValues[] = [];
  for (const binding of bindings) {
    if (!binding.link) {
      own.push(binding);
      continue;
    }
    const found = linked.get(binding.key);
    const where =
      binding.link.integration_id ?? (found && 'action' in found ? found.action.integration_id : '');
    groups.set(where, [...(groups.get(where) ?? []), binding]);
  }
  const rows = (all: readonly BindingValues[]) =>
    all.map((binding) => (
      <BindingRow
        key={binding.key}
        binding={binding}
        linked={linked.get(binding.key)}
        names={names}
        onOpen={() => onOpen(binding.key)}
      />
    ));
  return (
    <Stack gap="md">
      {[...groups].map(([id, members]) => {
        const integration = byId.get(id);
        return (
          <section key={id} aria-labelledby={`group-${id}`}>
            <Group gap={6} mb={4}>
              <Title order={2} fz="sm" id={`group-${id}`}>
                {integration ? (
                  <Link to="/integrations/$id" params={{ id }} className="quiet-link">
                    {integration.name}
                  </Link>
                ) : list.loading ? (
                  'Loading…'
                ) : (
                  'An integration that was deleted'
                )}
              </Title>
              {integration && (
                <StatusBadge tone="plain">{KIND_LABEL[integration.kind] ?? integration.kind}</StatusBadge>
              )}
            </Group>
            <div className="panel">{rows(members)}</div>
          </section>
        );
      })}
      {own.length > 0 && (
        <section aria-labelledby="group-own">
          <Group gap={6} mb={4}>
            <Title order={2} fz="sm" id="group-own">
              Only this agent’s
            </Title>
            <Text span size="xs" c="dimmed">
              part of its versions
            </Text>
          </Group>
          <div className="panel">{rows(own)}</div>
        </section>
      )}
    </Stack>
  );
}
