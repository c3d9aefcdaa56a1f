import assert from 'node:assert/strict';
import { invite, makeOwner } from '../lib/api.mjs';
import { flow } from '../lib/flow.mjs';
import { lock, makeSample } from '../lib/sample.mjs';
import { button, heading, openAgent } from '../lib/steps.mjs';

flow('a viewer sees everything and changes nothing', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { billing, archive, actions, agent } = await makeSample(owner, cleanUp);
  await lock(owner, agent.id, 'First');
  await owner.post(`/agents/${agent.id}/versions/1/publish`);
  await owner.put('/variables/company', { values: { production: 'Acme' } });
  const conversation = await owner.post('/conversations', { agent_id: agent.id, environment: 'development' });
  const viewer = await invite(owner, 'vera@example.com', 'viewer', 'Vera Rubin');
  const { page } = await open({ session: viewer });

  for (const [path, title, seen] of [
    ['/integrations', 'Integrations', 'Billing'],
    [`/integrations/${billing.id}`, 'Billing', 'get_account'],
    [`/actions/${actions.get_account.id}`, 'get_account', 'You can read this but not change it.'],
    ['/agents', 'Agents', 'Billing helper'],
    ['/conversations', 'Conversations', 'Billing helper'],
    ['/secrets', 'Secrets', 'billing_token'],
    ['/variables', 'Variables', 'company'],
    ['/members', 'Members', 'Vera Rubin'],
    ['/audit', 'Audit log', 'billing_token'],
  ]) {
    await page.goto(path);
    await heading(page, title).waitFor();
    await page.getByText(seen).first().waitFor();
  }

  // What only others may do says so, and does nothing.
  await page.goto('/integrations');
  const add = page.getByRole('button', { name: 'Add integration' }).first();
  assert.equal(await add.getAttribute('aria-disabled'), 'true');
  await add.click();
  assert.equal(await page.getByRole('menu').count(), 0);
  await page.goto(`/integrations/${billing.id}?tab=settings`);
  await page.getByText('You can read this but not change it.').waitFor();
  assert.ok(await page.getByRole('textbox', { name: 'Name', exact: true }).isDisabled());
  await openAgent(page, agent.id);
  await page.getByRole('textbox', { name: 'Instructions', exact: true }).getByText('Tell them').waitFor();
  for (const name of ['Save', 'Save & lock version', 'Publish']) {
    const one = button(page, name);
    assert.equal(await one.getAttribute('aria-disabled'), 'true', name);
    await one.click();
  }
  assert.equal(await page.getByRole('dialog').count(), 0);
  const editor = page.getByRole('textbox', { name: 'Instructions', exact: true });
  await editor.click({ force: true });
  await page.keyboard.type('x');
  assert.equal(await editor.innerText(), 'Tell them their balance first.');

  // Nor by the API with the same cookie.
  const before = JSON.stringify(await everything(owner));
  const agentPath = `/agents/${agent.id}`;
  const draft = await viewer.get(`${agentPath}/draft`);
  const binding = draft.actions[0].id;
  const slot = { base_url: 'https://evil.example' };
  for (const [method, path, body] of [
    ['PUT', '/secrets/billing_token', { values: { production: 'stolen' } }],
    ['DELETE', '/secrets/billing_token?force=true'],
    ['PUT', '/variables/company', { values: { production: 'Evil' } }],
    ['DELETE', '/variables/company?force=true'],
    ['POST', '/integrations', { kind: 'custom_api', name: 'Evil', environments: { production: slot } }],
    ['PATCH', `/integrations/${billing.id}`, { name: 'Evil' }],
    ['DELETE', `/integrations/${billing.id}`],
    ['POST', `/integrations/${billing.id}/actions`, { name: 'evil', method: 'GET', path: '/' }],
    ['PATCH', `/actions/${actions.refund.id}`, { path: '/evil' }],
    ['POST', `/actions/${actions.refund.id}/move`, { integration_id: archive.id }],
    ['POST', `/actions/${actions.get_account.id}/test`, { environment: 'development', arguments: { account_id: 'A-17' } }],
    ['DELETE', `/actions/${actions.refund.id}`],
    ['POST', '/agents', { name: 'Evil' }],
    ['PATCH', agentPath, { name: 'Evil' }],
    ['PUT', `${agentPath}/draft`, { ...draft, instructions: 'Evil' }],
    ['PATCH', `${agentPath}/draft/actions/${binding}`, { overrides: { max_successful_calls: 1 } }],
    ['DELETE', `${agentPath}/draft/actions/${binding}`],
    ['POST', `${agentPath}/versions`, { notes: 'Evil' }],
    ['POST', `${agentPath}/versions/1/publish`, {}],
    ['POST', `${agentPath}/versions/1/restore`, {}],
    ['POST', `${agentPath}/unpublish`, {}],
    ['DELETE', agentPath],
    ['POST', '/conversations', { agent_id: agent.id, environment: 'development' }],
    ['POST', `/conversations/${conversation.id}/actions/get_account/call`, { arguments: { account_id: 'A-17' } }],
    ['PATCH', `/conversations/${conversation.id}`, { variables: { evil: true } }],
    ['POST', `/conversations/${conversation.id}/end`, {}],
    ['POST', '/api-keys', { name: 'evil', scope: 'admin' }],
    ['POST', '/invitations', { email: 'eve@example.com', role: 'owner' }],
  ]) {
    const answer = await viewer.ask(method, path, body);
    assert.equal(answer.status, 403, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  assert.equal(JSON.stringify(await everything(owner)), before, 'nothing has changed');
  // And not by leaving the proof against forged requests away.
  const forged = await owner.ask('PATCH', agentPath, { name: 'Evil' }, { 'x-csrf-token': 'guess' });
  assert.equal(forged.body.code, 'csrf_failed');
});

async function everything(owner) {
  const paths = ['/secrets', '/variables', '/integrations', '/agents', '/conversations', '/api-keys', '/members', '/invitations'];
  return Promise.all(paths.map((path) => owner.get(path)));
}
