import { Button, Menu } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { $api, type Schemas } from '~/api/client';
import { useCan } from '~/api/session';
import { StatusBadge } from '~/parts/badges';
import { ListState } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { PageTabs } from '~/parts/PageTabs';
import { RowMenu } from '~/parts/RowMenu';
import { ActionsTab } from './ActionsTab';
import { DeleteIntegration } from './DeleteIntegration';
import { kindLabel } from './kinds';
import { LastErrorAlert } from './LastError';
import { SettingsTab } from './SettingsTab';
import { TestMessageTab } from './TestMessageTab';
import { ToolsTab } from './ToolsTab';
import { UsageTab } from './UsageTab';

const route = getRouteApi('/app/integrations/$id');

export function IntegrationPage() {
  const { id } = route.useParams();
  const read = $api.useQuery('get', '/api/v1/integrations/{id}', { params: { path: { id } } });
  return (
    <div className="page">
      {!read.data && <PageHeader title="Integration" />}
      <ListState
        loading={read.isPending}
        problem={read.data ? null : read.error}
        onRetry={() => void read.refetch()}
        empty={false}
        whenEmpty={null}
      >
        {read.data && <Loaded key={id} integration={read.data} />}
      </ListState>
    </div>
  );
}

function Loaded({ integration }: { integration: Schemas['Integration'] }) {
  const { tab = 'actions' } = route.useSearch();
  const navigate = route.useNavigate();
  const mayEdit = useCan('edit');
  const [deleting, setDeleting] = useState(false);
  const isMcp = integration.kind === 'mcp_server';
  const isChannel = integration.kind === 'messaging_channel';
  const first = isMcp ? `Tools (${integration.action_count})` : `Actions (${integration.action_count})`;

  return (
    <>
      <PageHeader
        title={integration.name}
        crumbs={[
          <Link key="all" to="/integrations">
            Integrations
          </Link>,
          <span key="one">{integration.name}</span>,
        ]}
        badges={<StatusBadge tone="info">{kindLabel(integration.kind)}</StatusBadge>}
        description={integration.description || undefined}
        actions={
          <>
            {mayEdit && !isMcp && (
              <Button component={Link} to={`/integrations/${integration.id}/actions/new`}>
                New action
              </Button>
            )}
            {mayEdit && (
              <RowMenu label="More for this integration">
                <Menu.Item color="red" onClick={() => setDeleting(true)}>
                  Delete the integration…
                </Menu.Item>
              </RowMenu>
            )}
          </>
        }
      />
      <LastErrorAlert integration={integration} />
      <PageTabs
        label="Integration"
        tabs={[
          { value: 'actions', label: first },
          { value: 'settings', label: 'Settings' },
          { value: 'usage', label: 'Usage' },
          ...(isChannel ? [{ value: 'test' as const, label: 'Test message' }] : []),
        ]}
        value={tab}
        onChange={(next) => void navigate({ search: next === 'actions' ? {} : { tab: next } })}
      >
        {tab === 'actions' &&
          (isMcp ? <ToolsTab integration={integration} /> : <ActionsTab integration={integration} />)}
        {tab === 'settings' && <SettingsTab integration={integration} />}
        {tab === 'usage' && <UsageTab integration={integration} />}
        {tab === 'test' && isChannel && <TestMessageTab id={integration.id} />}
      </PageTabs>
      {deleting && <DeleteIntegration integration={integration} onClose={() => setDeleting(false)} />}
    </>
  );
}
