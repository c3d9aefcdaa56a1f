import { Alert, Group, List, Stack, Text } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { $api, type Schemas } from '~/api/client';
import { useList } from '~/api/list';
import { EmptyState, ListState } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { matches, SearchField, searched } from '~/parts/SearchField';
import { RelativeTime } from '~/parts/time';
import { RefreshResult } from './RefreshResult';
import { ToolList } from './ToolList';

const route = getRouteApi('/app/integrations/$id');

/** The tools of an MCP server as it gave them: to read, to fetch again, to approve. */
export function ToolsTab({ integration }: { integration: Schemas['Integration'] }) {
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const path = { id: integration.id };
  const list = useList('/api/v1/integrations/{id}/actions', { path, query: searched(q) });
  const refresh = $api.useMutation('post', '/api/v1/integrations/{id}/refresh', {
    meta: { refreshes: ['/api/v1/integrations', '/api/v1/actions'] },
  });
  const shown = useMemo(
    () => list.items.filter((one) => matches(q, one.name, one.description)),
    [list.items, q],
  );
  const { discovery } = integration;
  const again = (
    <NeedButton need="edit" loading={refresh.isPending} onClick={() => refresh.mutate({ params: { path } })}>
      Refresh now
    </NeedButton>
  );

  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Group gap="sm">
          {again}
          <Text size="sm" c="dimmed" role="status">
            {refresh.isPending ? (
              'Fetching the tools…'
            ) : (
              <>
                {discovery?.fetched_at ? 'Fetched ' : 'Never fetched'}
                {discovery?.fetched_at && <RelativeTime at={discovery.fetched_at} />}
                <ServerWords discovery={discovery} />
              </>
            )}
          </Text>
        </Group>
        <SearchField
          label="Search tools"
          value={q}
          onChange={(next) => void navigate({ search: next ? { q: next } : {}, replace: true })}
        />
      </Group>
      <ProblemAlert error={refresh.error} />
      {discovery?.error && !refresh.error && (
        <Alert color="red" variant="light" title="The last fetch failed; these are the tools from before">
          {discovery.error.message} <RelativeTime at={discovery.error.at} />
        </Alert>
      )}
      {refresh.data && <RefreshResult result={refresh.data} />}
      {discovery && discovery.left_out.length > 0 && (
        <Alert color="yellow" variant="light" title={`${discovery.left_out.length} left out`}>
          <List size="sm">
            {discovery.left_out.map((tool) => (
              <List.Item key={`${tool.name}:${tool.reason}`}>
                <span className="mono">{tool.name ?? 'a tool without a name'}</span>: {tool.reason}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      <ListState
        loading={list.loading}
        problem={list.problem}
        onRetry={list.retry}
        empty={shown.length === 0 && !list.more}
        whenEmpty={
          q ? (
            <EmptyState title="No tool matches">Try fewer letters.</EmptyState>
          ) : (
            <EmptyState title="No tools yet">
              {discovery?.error
                ? 'Nothing could be fetched so far. Fix what the error says, under Settings if it is the address or the credentials, and refresh.'
                : 'The server has no tools now. When it has, they appear here automatically.'}
            </EmptyState>
          )
        }
      >
        <ToolList tools={shown} list={list} />
      </ListState>
    </Stack>
  );
}

function ServerWords({ discovery }: { discovery: Schemas['Integration']['discovery'] }) {
  const server: unknown = discovery?.server;
  const named = typeof server === 'object' && server !== null && 'name' in server ? server : null;
  const version = named && 'version' in named ? ` ${String(named.version)}` : '';
  return (
    <>
      {named && ` from ${String(named.name)}${version}`}
      {discovery?.protocol_version && `, MCP ${discovery.protocol_version}`}
    </>
  );
}
