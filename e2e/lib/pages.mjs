import { button } from './steps.mjs';

/** Every page of the Studio on the demo's data: its name, its address, and what shows that it is there. */
export async function pagesOf(owner) {
  const integrations = (await owner.get('/integrations')).data;
  const of = (kind) => integrations.find((one) => one.kind === kind);
  const api = of('custom_api');
  const mcp = of('mcp_server');
  const channel = of('messaging_channel');
  const first = async (id, pick = () => true) => (await owner.get(`/integrations/${id}/actions`)).data.find(pick);
  const action = await first(api.id, (one) => one.method === 'POST');
  const tool = await first(mcp.id);
  const message = await first(channel.id);
  const agents = (await owner.get('/agents')).data;
  const helper = agents.find((one) => one.name === 'Billing helper');
  const desk = agents.find((one) => one.name === 'Front desk');
  return { pages: list({ api, mcp, channel, action, tool, message, helper, desk }), api, helper, desk };
}

function list({ api, mcp, channel, action, tool, message, helper, desk }) {
  const open = (name) => (page) => button(page, name).first().click();
  const agent = `/agents/${helper.id}`;
  return [
    { name: 'overview', path: '/overview', title: 'Overview' },
    { name: 'integrations', path: '/integrations', title: 'Integrations' },
    { name: 'integration-actions', path: `/integrations/${api.id}`, title: api.name },
    { name: 'integration-settings', path: `/integrations/${api.id}?tab=settings`, title: api.name },
    { name: 'integration-usage', path: `/integrations/${api.id}?tab=usage`, title: api.name },
    { name: 'mcp-tools', path: `/integrations/${mcp.id}`, title: mcp.name },
    { name: 'mcp-settings', path: `/integrations/${mcp.id}?tab=settings`, title: mcp.name },
    { name: 'channel-settings', path: `/integrations/${channel.id}?tab=settings`, title: channel.name },
    { name: 'channel-test', path: `/integrations/${channel.id}?tab=test`, title: channel.name },
    { name: 'new-custom-api', path: '/integrations/new/custom-api' },
    { name: 'new-mcp-server', path: '/integrations/new/mcp-server' },
    { name: 'new-messaging-channel', path: '/integrations/new/messaging-channel' },
    { name: 'new-action', path: `/integrations/${api.id}/actions/new`, title: 'New shared action' },
    { name: 'action', path: `/actions/${action.id}`, title: action.name },
    { name: 'action-revisions', path: `/actions/${action.id}?tab=revisions`, title: action.name },
    { name: 'action-usage', path: `/actions/${action.id}?tab=usage`, title: action.name },
    { name: 'tool', path: `/actions/${tool.id}`, title: tool.name },
    ...(message ? [{ name: 'message-action', path: `/actions/${message.id}`, title: message.name }] : []),
    { name: 'agents', path: '/agents', title: 'Agents' },
    { name: 'agent-instructions', path: agent, title: helper.name },
    { name: 'agent-states', path: `${agent}?tab=states`, title: helper.name },
    { name: 'agent-actions', path: `${agent}?tab=actions`, title: helper.name },
    { name: 'front-desk-actions', path: `/agents/${desk.id}?tab=actions`, title: desk.name },
    { name: 'agent-playground', path: `${agent}?tab=playground`, title: helper.name },
    { name: 'agent-settings', path: `${agent}?tab=settings`, title: helper.name },
    { name: 'agent-history', path: `${agent}?panel=history`, title: helper.name },
    { name: 'agent-publish', path: agent, title: helper.name, then: open('Publish') },
    { name: 'agent-version', path: `${agent}/versions/1` },
    { name: 'conversations', path: '/conversations', title: 'Conversations' },
    { name: 'messages', path: '/messages', title: 'Messages' },
    { name: 'secrets', path: '/secrets', title: 'Secrets' },
    { name: 'variables', path: '/variables', title: 'Variables' },
    { name: 'members', path: '/members', title: 'Members' },
    { name: 'api-keys', path: '/api-keys', title: 'API keys' },
    { name: 'audit', path: '/audit', title: 'Audit log' },
    { name: 'settings', path: '/settings', title: 'Workspace settings' },
    { name: 'palette', path: '/integrations', title: 'Integrations', then: (page) => page.keyboard.press('Control+k') },
    { name: 'not-found', path: '/no/such/page' },
  ];
}

/** Opens a page and waits until nothing is being read any more and nothing moves. */
export async function settle(page, one) {
  await page.goto(one.path);
  await page.getByRole('heading', { level: 1, ...(one.title ? { name: one.title, exact: true } : {}) }).first().waitFor();
  await page.waitForLoadState('networkidle', { timeout: 1_500 }).catch(() => {}); // a page that follows events never is
  if (one.then) {
    await one.then(page);
    await page.getByRole('dialog').first().waitFor();
  }
  await page.locator('[aria-busy="true"], .mantine-Skeleton-root, .mantine-Loader-root').first().waitFor({ state: 'detached' });
}
