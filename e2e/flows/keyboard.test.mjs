import assert from 'node:assert/strict';
import { PASSWORD } from '../lib/api.mjs';
import { flow } from '../lib/flow.mjs';
import { startBilling } from '../lib/http.mjs';
import { keyboardOf } from '../lib/keyboard.mjs';
import { dialog, heading } from '../lib/steps.mjs';

flow('from the first start to a published agent, by keyboard alone', async ({ server, open, cleanUp }) => {
  const billing = await startBilling();
  cleanUp(billing.close);
  const { page } = await open();
  const { tabTo, press, type, palette } = keyboardOf(page);

  await page.goto(server.setupLink);
  await tabTo('textbox', /^E-mail/);
  await type('ada@example.com');
  await tabTo('textbox', /^Your name/);
  await type('Ada Lovelace');
  await tabTo('textbox', /^Password/);
  await type(PASSWORD);
  await press('Enter');
  await heading(page, 'Integrations').waitFor();

  // The palette leads to a new API; a secret is made in passing.
  await palette('Add a custom API');
  await heading(page, 'Connect an API').or(page.getByRole('heading', { level: 1, name: /API/ })).first().waitFor();
  await tabTo('textbox', /^Name/);
  await type('Billing');
  await tabTo('textbox', /^Base URL/);
  await type(billing.url);
  await tabTo('combobox', /^Authentication/);
  await press('ArrowDown');
  await tabTo('button', 'New secret');
  await press('Enter');
  await page.getByRole('dialog').getByLabel('Name').waitFor();
  await tabTo('textbox', /^Name/);
  await type('billing_token');
  await tabTo(null, /^Development/);
  await type('tok-e2e');
  await tabTo('button', 'Create secret');
  await press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await tabTo('button', 'Connect the API');
  await press('Enter');
  await heading(page, 'Billing').waitFor();

  // An action, tried at once.
  await tabTo('link', 'New action');
  await press('Enter');
  await heading(page, 'New shared action').waitFor();
  await tabTo('textbox', /^Name/);
  await type('get_account');
  await tabTo('textbox', /^Path/);
  await type('/accounts/{account_id}');
  await tabTo('button', 'Add it to the parameters');
  await press('Enter');
  await tabTo('button', 'Create action');
  await press('Enter');
  await heading(page, 'get_account').waitFor();
  await tabTo('textbox', /^account_id/);
  await type('A-17');
  await tabTo('button', 'Send');
  await press('Enter');
  await page.getByText('Grace Hopper').first().waitFor();

  // An agent that links it.
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await heading(page, 'Agents').waitFor();
  await tabTo('button', 'New agent');
  await press('Enter');
  await dialog(page, 'New agent').waitFor();
  await tabTo('textbox', /^Name/);
  await type('Billing helper');
  await press('Enter');
  await heading(page, 'Billing helper').waitFor();
  await tabTo('textbox', 'Instructions');
  await type('Tell callers their balance.');
  // Tab leaves the editor, and the arrows go along the tabs.
  await tabTo('tab', /^Instructions/, 'Shift+Tab');
  await press('ArrowRight');
  await press('ArrowRight');
  await page.getByRole('tab', { name: /^Actions/, selected: true }).waitFor();
  await tabTo('button', 'Add action');
  await press('Enter');
  await page.getByRole('checkbox', { name: /^get_account/ }).waitFor();
  await tabTo('checkbox', /^get_account/);
  await press('Space');
  await tabTo('button', 'Add (1)');
  await press('Enter');
  await dialog(page, 'Add actions').waitFor({ state: 'detached' });
  await press('Control+s');
  await page.getByText('Saved', { exact: true }).first().waitFor();

  // The playground.
  await tabTo('tab', /^Actions/);
  await press('ArrowRight');
  await page.getByRole('tab', { name: 'Playground', selected: true }).waitFor();
  await tabTo('button', 'Start');
  await press('Enter');
  await page.getByRole('button', { name: 'Call get_account', exact: true }).waitFor();
  await tabTo('button', 'Call get_account');
  await press('Enter');
  await tabTo('textbox', /^account_id/);
  await type('A-17');
  await tabTo('button', 'Call get_account');
  await press('Enter');
  await page.getByText('Grace Hopper').first().waitFor();

  // Locked and published.
  await tabTo('button', 'Publish', 'Shift+Tab');
  await press('Enter');
  await page.getByRole('button', { name: 'Lock and publish v1', exact: true }).waitFor();
  // Production has no slot yet, which the review says; who publishes all the same says so.
  await tabTo('checkbox', 'I know, publish it anyway');
  await press('Space');
  await tabTo('button', 'Lock and publish v1');
  await press('Enter');
  await page.getByText('New conversations get v1 from now on.').waitFor();
  await tabTo('button', 'Done');
  await press('Enter');
  await page.getByText('Published v1').first().waitFor();

  // The palette finds what was made, and Escape closes it.
  await press('Control+k');
  await page.getByRole('textbox', { name: 'Search' }).or(page.getByPlaceholder(/^Search pages/)).first().waitFor();
  await press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await palette('get_account');
  await heading(page, 'get_account').waitFor();
  assert.equal(billing.asked.length, 2, 'tried once and called once');
});
