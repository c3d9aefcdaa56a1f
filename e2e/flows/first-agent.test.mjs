import assert from 'node:assert/strict';
import { Api, PASSWORD } from '../lib/api.mjs';
import { both, flow } from '../lib/flow.mjs';
import { startBilling } from '../lib/http.mjs';
import { button, dialog, heading, typeAtEnd } from '../lib/steps.mjs';
import { until } from '../lib/wait.mjs';

flow('from the first start to a published agent', async ({ server, open, cleanUp }) => {
  const billing = await startBilling();
  cleanUp(billing.close);
  const { page } = await open();

  // Without an account, the start page says where the link is.
  await page.goto('/');
  await page.getByText('Open the one-use link that the server printed').waitFor();
  await page.goto(server.setupLink);
  await page.reload();
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Your name').fill('Ada Lovelace');
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await button(page, 'Create the owner’s account').click();
  await heading(page, 'Integrations').waitFor();

  // Connect the API; its token becomes a secret in passing.
  await button(page, 'Add integration').first().click();
  await page.getByRole('menuitem', { name: /^Custom API/ }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Billing');
  const development = page.getByRole('region', { name: 'Development' });
  await development.getByLabel('Base URL').fill(billing.url);
  await development.getByLabel('Authentication').selectOption('Bearer token');
  await button(development, 'New secret').click();
  const secret = page.getByRole('dialog');
  await secret.getByLabel('Name').fill('billing_token');
  await secret.getByLabel('Development', { exact: true }).fill('tok-e2e');
  await button(secret, 'Create secret').click();
  await secret.waitFor({ state: 'detached' });
  await button(page, 'Connect the API').click();
  await heading(page, 'Billing').waitFor();

  // An action of it, tried at once.
  await page.getByRole('link', { name: 'New action' }).first().click();
  await heading(page, 'New shared action').waitFor();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('get_account');
  await page.getByRole('textbox', { name: 'Description', exact: true }).fill('Reads an account by its id.');
  await page.getByRole('textbox', { name: 'Path' }).fill('/accounts/{account_id}');
  await button(page, 'Add it to the parameters').click();
  await button(page, 'Create action').click();
  await heading(page, 'get_account').waitFor();
  const tryIt = page.getByRole('region', { name: 'Try it' });
  await tryIt.getByLabel('account_id').fill('A-17');
  await button(tryIt, 'Send').click();
  await tryIt.getByText('succeeded').waitFor();
  await tryIt.getByText('Grace Hopper').first().waitFor();
  const text = await tryIt.innerText();
  assert.ok(!text.includes('tok-e2e'), 'the secret is masked in what was sent');
  assert.deepEqual(billing.asked.at(-1), {
    method: 'GET', path: '/accounts/A-17', search: '', body: '', authorization: 'Bearer tok-e2e',
  });

  // An agent that links it.
  await page.getByRole('link', { name: 'Agents', exact: true }).click();
  await heading(page, 'Agents').waitFor();
  await button(page, 'New agent').first().click();
  const naming = dialog(page, 'New agent');
  await naming.getByRole('textbox', { name: 'Name' }).fill('Billing helper');
  await button(naming, 'Create agent').click();
  await heading(page, 'Billing helper').waitFor();
  const agentId = /agt_\w+/.exec(page.url())[0];
  await typeAtEnd(page, 'Instructions', 'Tell callers their balance.');
  await page.getByRole('tab', { name: /^Actions/ }).click();
  await button(page, 'Add action').first().click();
  const picking = dialog(page, 'Add actions');
  await picking.getByLabel(/get_account/).check();
  await button(picking, 'Add (1)').click();
  await button(page, 'Save').click();
  await page.getByText('Saved', { exact: true }).first().waitFor();

  // Called in the playground.
  await page.getByRole('tab', { name: 'Playground' }).click();
  await button(page, 'Start').click();
  await button(page, 'Call get_account').click();
  await page.getByLabel('account_id').fill('A-17');
  await button(page, 'Call get_account').click();
  await page.getByText('Grace Hopper').first().waitFor();
  await page.getByRole('list', { name: 'Events' }).getByText('get_account').first().waitFor();

  // Locked and published.
  await button(page, 'Save & lock version').click();
  const lock = dialog(page, 'Save and lock a version');
  await lock.getByLabel('Notes').fill('The first one');
  await button(lock, 'Lock version').click();
  await page.getByRole('button', { name: /^Publish v1/ }).click();
  await button(dialog(page, 'Publish v1'), 'Publish v1').click();
  await page.getByText('New conversations get v1 from now on.').waitFor();
  await button(page, 'Done').click();
  await page.getByText('Published v1').first().waitFor();

  // A program takes it from here.
  await page.getByRole('link', { name: 'API keys' }).click();
  await button(page, 'New API key').first().click();
  await page.getByRole('dialog').getByLabel('Name').fill('voice stack');
  await page.getByRole('dialog').getByLabel('Expires').selectOption('In 30 days');
  await button(page, 'Create key').click();
  const key = await page.getByLabel('API key', { exact: true }).inputValue();
  const runtime = new Api(server.url, { key });
  const conversation = await runtime.post('/conversations', { agent_id: agentId, environment: 'development' });
  assert.equal(conversation.version, 1);
  const call = await runtime.post(`/conversations/${conversation.id}/actions/get_account/call`, {
    arguments: { account_id: 'A-17' },
  });
  assert.equal(call.status, 'succeeded');
  assert.equal(call.output.holder, 'Grace Hopper');

  // The key says who made it, when it ends, and, within seconds, that it was used.
  await button(page, 'Done').click();
  const row = page.getByRole('row', { name: /voice stack/ });
  await row.getByText('by Ada Lovelace').waitFor();
  await row.getByText(/in (29 days|4 weeks)/).waitFor();
  await row.getByText('active').waitFor();
  await until('the use is noted', async () => {
    await page.reload();
    await row.waitFor();
    return (await row.getByText('never').count()) === 0;
  });
}, { on: both });
