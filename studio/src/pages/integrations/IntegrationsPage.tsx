import { Group, SegmentedControl, Stack, Title } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useList } from '~/api/list';
import { EmptyState, ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { matches, SearchField } from '~/parts/SearchField';
import { AddMenu } from './AddMenu';
import { IntegrationTable } from './IntegrationTable';
import { KINDS, type Kind } from './kinds';

const route = getRouteApi('/app/integrations');

export function IntegrationsPage() {
  const { q, kind } = route.useSearch();
  const navigate = route.useNavigate();
  // All of them: they are shown by kind, and a kind must not look empty because it is on a later page.
  const list = useList('/api/v1/integrations', { all: true });
  const secrets = useList('/api/v1/secrets', { all: true });
  const places = useMemo(() => {
    const known = !secrets.loading && !secrets.more;
    return known ? new Map(secrets.items.map((one) => [one.name, one.environments])) : undefined;
  }, [secrets.loading, secrets.more, secrets.items]);
  const shown = useMemo(
    () =>
      list.items.filter(
        (one) =>
          (!kind || one.kind === kind) && matches(q, one.name, one.description, 'url' in one ? one.url : ''),
      ),
    [list.items, q, kind],
  );
  const groups = KINDS.map((one) => ({
    ...one,
    rows: shown.filter((integration) => integration.kind === one.value),
  })).filter((one) => one.rows.length > 0);
  const filtered = Boolean(q || kind);

  return (
    <div className="page">
      <PageHeader
        title="Integrations"
        description="The outside services that your agents may use, each connected once."
        actions={<AddMenu />}
      />
      <Group mb="md" gap="sm">
        <SearchField
          label="Search integrations"
          value={q}
          onChange={(next) =>
            void navigate({
              search: ({ q: _, ...rest }) => (next ? { ...rest, q: next } : rest),
              replace: true,
            })
          }
        />
        <SegmentedControl
          size="xs"
          aria-label="Kind of integration"
          data={[
            { value: '', label: 'All' },
            { value: 'custom_api', label: 'APIs' },
            { value: 'mcp_server', label: 'MCP' },
            { value: 'messaging_channel', label: 'Messaging' },
          ]}
          value={kind ?? ''}
          onChange={(value) =>
            void navigate({
              search: ({ kind: _, ...rest }) => (value ? { ...rest, kind: value as Kind } : rest),
            })
          }
        />
      </Group>
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={groups.length === 0 && !list.more}
        whenEmpty={
          filtered ? (
            <EmptyState title="No integration matches">Clear the search or the filter.</EmptyState>
          ) : (
            <EmptyState title="Connect your first service" action={<AddMenu />}>
              An integration says where a service is, how to authenticate there, and which actions agents may
              call on it. Connect an <b>HTTP API</b>, an <b>MCP server</b> whose tools are found
              automatically, or a <b>messaging channel</b> for text messages. Then link its actions into any
              number of agents.
            </EmptyState>
          )
        }
      >
        <Stack gap="lg">
          {groups.map((group) => (
            <section key={group.value} aria-labelledby={`kind-${group.value}`}>
              <Title order={2} mb="xs" id={`kind-${group.value}`}>
                {group.plural}
              </Title>
              <IntegrationTable kind={group.value} label={group.plural} rows={group.rows} places={places} />
            </section>
          ))}
        </Stack>
      </ListState>
    </div>
  );
}
