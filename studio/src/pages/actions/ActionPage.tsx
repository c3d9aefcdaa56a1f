import { getRouteApi, Link } from '@tanstack/react-router';
import { problemOf } from '~/api/problem';
import { MethodBadge, StatusBadge } from '~/parts/badges';
import { LoadingRows } from '~/parts/ListState';
import { PageHeader } from '~/parts/PageHeader';
import { PageTabs } from '~/parts/PageTabs';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { ActionEditor } from './ActionEditor';
import { ActionMenu } from './ActionMenu';
import { DeletedAction } from './DeletedAction';
import { RevisionsTab } from './RevisionsTab';
import { UsageTab } from './UsageTab';
import { useAction, useIntegration } from './useAction';
import type { Action } from './values';

const route = getRouteApi('/app/actions/$id');

/** One shared action: what it is, what it was, and who uses it. */
export function ActionPage() {
  const { id } = route.useParams();
  const action = useAction(id);
  if (action.error && problemOf(action.error).status === 404) return <DeletedAction id={id} />;
  return (
    <div className="page">
      {action.data ? (
        <LoadedAction action={action.data} key={id} />
      ) : (
        <>
          <PageHeader title="Shared action" />
          {action.error ? (
            <ProblemAlert error={action.error} onRetry={() => void action.refetch()} />
          ) : (
            <LoadingRows />
          )}
        </>
      )}
    </div>
  );
}

const TABS = [
  { value: 'definition', label: 'Definition' },
  { value: 'revisions', label: 'Revisions' },
  { value: 'usage', label: 'Usage' },
] as const;

function LoadedAction({ action }: { action: Action }) {
  const { tab = 'definition', agent } = route.useSearch();
  const navigate = route.useNavigate();
  const integration = useIntegration(action.integration_id);
  const mcp = action.integration_kind === 'mcp_server';
  return (
    <>
      <PageHeader
        title={action.name}
        crumbs={[
          <Link key="all" to="/integrations">
            Integrations
          </Link>,
          <Link key="one" to="/integrations/$id" params={{ id: action.integration_id }}>
            {integration.data?.name ?? 'Integration'}
          </Link>,
          ...(agent
            ? [
                <Link key="agent" to="/agents/$id" params={{ id: agent }} search={{ tab: 'actions' }}>
                  Back to the agent
                </Link>,
              ]
            : []),
        ]}
        badges={
          <>
            {action.method && <MethodBadge method={action.method} />}
            {mcp && <StatusBadge tone="info">MCP tool</StatusBadge>}
            {action.change_unapproved && <StatusBadge tone="warn">change not approved</StatusBadge>}
          </>
        }
        description={
          mcp
            ? 'A tool of an MCP server. The server defines it; you choose what is taken from its responses.'
            : 'A change is live for every agent that links it, from the next call on.'
        }
        actions={<ActionMenu action={action} />}
      />
      <PageTabs
        label="Shared action"
        tabs={TABS}
        value={tab}
        onChange={(next) => void navigate({ search: (now) => ({ ...now, tab: next }) })}
      >
        {tab === 'definition' && <ActionEditor action={action} integration={integration.data} />}
        {tab === 'revisions' && <RevisionsTab id={action.id} />}
        {tab === 'usage' && <UsageTab id={action.id} />}
      </PageTabs>
    </>
  );
}
