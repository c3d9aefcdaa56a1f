import { createRootRoute, createRoute, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';
import { chunk } from './api/chunk';
import { client } from './api/client';
import { problemOf } from './api/problem';
import { queryClient } from './api/queryClient';
import { sessionOptions } from './api/session';
import { oneOf, type Search, text } from './search';
import { Shell } from './shell/Shell';

/*
 * Every address of the Studio. A page is a module of its own, read when its route is first visited.
 * What a page keeps in the address (tab, filters) is checked by its `validateSearch`.
 */

/** A page whose code is gone must say so; the router on its own would load everything again without asking. */
const page: typeof lazyRouteComponent = (load, name) => lazyRouteComponent(() => chunk(load), name);

const root = createRootRoute({ component: Outlet });

/** Everything behind the sign-in: needs a session, has the navigation around it. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: Shell,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(sessionOptions);
    } catch (error) {
      if (problemOf(error).status !== 401) throw error;
      const setup = await client.GET('/api/v1/setup').catch(() => undefined);
      if (setup?.data?.needed) throw redirect({ to: '/setup' });
      throw redirect({ to: '/sign-in', search: { next: location.href } });
    }
  },
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: page(() => import('./pages/door/SetupPage'), 'SetupPage'),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Search) => ({ ...text(search, 'next') }),
  component: page(() => import('./pages/door/SignInPage'), 'SignInPage'),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: page(() => import('./pages/door/InvitationPage'), 'InvitationPage'),
});

/** Public, as the document is that it shows. */
const reference = createRoute({
  getParentRoute: () => root,
  path: '/api/docs',
  component: page(() => import('./pages/reference/ReferencePage'), 'ReferencePage'),
});

const index = createRoute({
  getParentRoute: () => app,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/integrations' });
  },
});

const overview = createRoute({
  getParentRoute: () => app,
  path: '/overview',
  validateSearch: (search: Search) => ({
    ...oneOf(search, 'environment', ['development', 'staging', 'production']),
    ...oneOf(search, 'range', ['1h', '24h', '7d', '30d']),
  }),
  component: page(() => import('./pages/overview/OverviewPage'), 'OverviewPage'),
});

const integrations = createRoute({
  getParentRoute: () => app,
  path: '/integrations',
  validateSearch: (search: Search) => ({
    ...text(search, 'q'),
    ...oneOf(search, 'kind', ['custom_api', 'mcp_server', 'messaging_channel']),
  }),
  component: page(() => import('./pages/integrations/IntegrationsPage'), 'IntegrationsPage'),
});

const newCustomApi = createRoute({
  getParentRoute: () => app,
  path: '/integrations/new/custom-api',
  component: page(() => import('./pages/integrations/NewCustomApiPage'), 'NewCustomApiPage'),
});

const newMcpServer = createRoute({
  getParentRoute: () => app,
  path: '/integrations/new/mcp-server',
  component: page(() => import('./pages/integrations/NewMcpServerPage'), 'NewMcpServerPage'),
});

const newMessagingChannel = createRoute({
  getParentRoute: () => app,
  path: '/integrations/new/messaging-channel',
  component: page(() => import('./pages/integrations/NewMessagingChannelPage'), 'NewMessagingChannelPage'),
});

const integration = createRoute({
  getParentRoute: () => app,
  path: '/integrations/$id',
  validateSearch: (search: Search) => ({
    ...oneOf(search, 'tab', ['actions', 'settings', 'usage', 'test']),
    ...text(search, 'q'),
  }),
  component: page(() => import('./pages/integrations/IntegrationPage'), 'IntegrationPage'),
});

const newAction = createRoute({
  getParentRoute: () => app,
  path: '/integrations/$id/actions/new',
  component: page(() => import('./pages/actions/NewActionPage'), 'NewActionPage'),
});

const action = createRoute({
  getParentRoute: () => app,
  path: '/actions/$id',
  validateSearch: (search: Search) => ({
    ...oneOf(search, 'tab', ['definition', 'revisions', 'usage']),
    ...text(search, 'agent'),
  }),
  component: page(() => import('./pages/actions/ActionPage'), 'ActionPage'),
});

const agents = createRoute({
  getParentRoute: () => app,
  path: '/agents',
  validateSearch: (search: Search) => ({ ...text(search, 'q') }),
  component: page(() => import('./pages/agents/AgentsPage'), 'AgentsPage'),
});

const agent = createRoute({
  getParentRoute: () => app,
  path: '/agents/$id',
  validateSearch: (search: Search) => ({
    ...oneOf(search, 'tab', ['instructions', 'states', 'actions', 'playground', 'settings']),
    ...text(search, 'binding'),
    ...text(search, 'state'),
    ...text(search, 'conversation'),
    ...oneOf(search, 'panel', ['history']),
  }),
  component: page(() => import('./pages/agents/AgentPage'), 'AgentPage'),
});

/** Under the agent, so that what is typed in its draft outlives a look at a version. */
const agentVersion = createRoute({
  getParentRoute: () => agent,
  path: '/versions/$number',
  validateSearch: (search: Search) => ({ ...text(search, 'compare') }),
  component: page(() => import('./pages/agents/VersionPage'), 'VersionPage'),
});

const conversations = createRoute({
  getParentRoute: () => app,
  path: '/conversations',
  validateSearch: (search: Search) => ({
    ...text(search, 'agent'),
    ...oneOf(search, 'environment', ['development', 'staging', 'production']),
    ...oneOf(search, 'status', ['active', 'handed_over', 'ended', 'closed']),
    ...oneOf(search, 'outcome', ['succeeded', 'failed', 'refused']),
    ...text(search, 'from'),
    ...text(search, 'to'),
  }),
  component: page(() => import('./pages/conversations/ConversationsPage'), 'ConversationsPage'),
});

const conversation = createRoute({
  getParentRoute: () => app,
  path: '/conversations/$id',
  validateSearch: (search: Search) => ({ ...text(search, 'event') }),
  component: page(() => import('./pages/conversations/ConversationPage'), 'ConversationPage'),
});

const messages = createRoute({
  getParentRoute: () => app,
  path: '/messages',
  validateSearch: (search: Search) => ({
    ...text(search, 'channel'),
    ...text(search, 'conversation'),
    ...oneOf(search, 'environment', ['development', 'staging', 'production']),
    ...oneOf(search, 'status', [
      'queued',
      'sending',
      'sent',
      'outcome_unknown',
      'delivery_unconfirmed',
      'delivered',
      'delivery_failed',
      'sending_failed',
      'expired',
    ]),
  }),
  component: page(() => import('./pages/messages/MessagesPage'), 'MessagesPage'),
});

const message = createRoute({
  getParentRoute: () => app,
  path: '/messages/$id',
  component: page(() => import('./pages/messages/MessagePage'), 'MessagePage'),
});

const secrets = createRoute({
  getParentRoute: () => app,
  path: '/secrets',
  validateSearch: (search: Search) => ({ ...text(search, 'q'), ...text(search, 'name') }),
  component: page(() => import('./pages/secrets/SecretsPage'), 'SecretsPage'),
});

const variables = createRoute({
  getParentRoute: () => app,
  path: '/variables',
  validateSearch: (search: Search) => ({ ...text(search, 'q'), ...text(search, 'name') }),
  component: page(() => import('./pages/variables/VariablesPage'), 'VariablesPage'),
});

const members = createRoute({
  getParentRoute: () => app,
  path: '/members',
  validateSearch: (search: Search) => ({ ...text(search, 'q') }),
  component: page(() => import('./pages/members/MembersPage'), 'MembersPage'),
});

const apiKeys = createRoute({
  getParentRoute: () => app,
  path: '/api-keys',
  validateSearch: (search: Search) => ({ ...text(search, 'q'), ...oneOf(search, 'show', ['all']) }),
  component: page(() => import('./pages/apikeys/ApiKeysPage'), 'ApiKeysPage'),
});

const settings = createRoute({
  getParentRoute: () => app,
  path: '/settings',
  component: page(() => import('./pages/settings/SettingsPage'), 'SettingsPage'),
});

const audit = createRoute({
  getParentRoute: () => app,
  path: '/audit',
  validateSearch: (search: Search) => ({
    ...text(search, 'entity'),
    ...text(search, 'actor'),
    ...text(search, 'q'),
  }),
  component: page(() => import('./pages/audit/AuditPage'), 'AuditPage'),
});

export const routeTree = root.addChildren([
  setup,
  signIn,
  invitation,
  reference,
  app.addChildren([
    index,
    overview,
    integrations,
    newCustomApi,
    newMcpServer,
    newMessagingChannel,
    integration,
    newAction,
    action,
    agents,
    agent.addChildren([agentVersion]),
    conversations,
    conversation,
    messages,
    message,
    secrets,
    variables,
    members,
    apiKeys,
    audit,
    settings,
  ]),
]);
