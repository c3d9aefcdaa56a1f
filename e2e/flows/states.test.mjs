import assert from 'node:assert/strict';
import { makeOwner } from '../lib/api.mjs';
import { flow } from '../lib/flow.mjs';
import { makeSample, saveDraft } from '../lib/sample.mjs';
import { button, dialog, openAgent } from '../lib/steps.mjs';

flow('states are opened, edited, renamed and left by every way out', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { agent } = await makeSample(owner, cleanUp);
  const states = [
    { name: 'greeting', transitions: ['billing'] },
    { name: 'billing' },
    { name: 'goodbye' },
  ];
  await saveDraft(owner, agent.id, { states, initial_state: 'greeting' });
  const draft = () => owner.get(`/agents/${agent.id}/draft`);
  const { page } = await open({ session: owner });
  await openAgent(page, agent.id, 'states');
  const state = (name) => page.getByRole('region', { name: `State ${name}`, exact: true });
  const inGraph = (name) => page.getByRole('button', { name, exact: false }).and(page.locator('.state-box button'));

  // In the graph: opened, edited, closed by its button.
  await inGraph('greeting').click();
  await state('greeting').getByLabel('Description').fill('Say hello.');
  await button(state('greeting'), 'Close').click();
  await state('greeting').waitFor({ state: 'detached' });
  await page.getByText('Unsaved changes').waitFor();

  // Another one instead, then another tab and back by the browser.
  await inGraph('greeting').click();
  await state('greeting').waitFor();
  await inGraph('billing').click();
  await state('billing').waitFor();
  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByText('Delete this agent').waitFor();
  await page.goBack();
  await state('billing').waitFor();

  // Renamed, and saved while the field still has the focus.
  await state('billing').getByLabel('Name').fill('invoices');
  await page.getByText('Unsaved changes').waitFor();
  await page.keyboard.press('Control+s');
  await page.getByText('Saved', { exact: true }).first().waitFor();
  let saved = await draft();
  assert.deepEqual(saved.states.map((one) => one.name), ['greeting', 'invoices', 'goodbye']);
  assert.deepEqual(saved.states[0].transitions, ['invoices']);
  assert.equal(saved.states[0].description, 'Say hello.');

  // A name that is taken is not saved as the old one without a word.
  await state('invoices').getByLabel('Name').fill('goodbye');
  await page.keyboard.press('Control+s');
  await page.getByText('Not saved yet: something is not complete').waitFor();
  await page.getByText('Another state has this name.').waitFor();
  await state('invoices').getByLabel('Name').fill('goodbyes');
  await state('goodbyes').waitFor();
  await page.keyboard.press('Control+s');
  await page.getByText('Saved', { exact: true }).first().waitFor();
  saved = await draft();
  assert.deepEqual(saved.states.map((one) => one.name), ['greeting', 'goodbyes', 'goodbye']);

  // In the list: opened, deleted.
  await page.getByText('List', { exact: true }).click();
  await page.getByRole('table', { name: 'States' }).getByRole('button', { name: 'goodbye', exact: true }).click();
  await button(state('goodbye'), 'Delete state').click();
  await button(dialog(page, 'Delete the state goodbye?'), 'Delete state').click();
  await state('goodbye').waitFor({ state: 'detached' });
  await page.getByRole('table', { name: 'States' }).getByRole('button', { name: 'greeting', exact: true }).click();
  await state('greeting').waitFor();

  // Off to another page: asked first, and gone only when wanted.
  await page.getByRole('link', { name: 'Agents', exact: true }).first().click();
  await button(dialog(page, 'Leave without saving?'), 'Stay').click();
  await state('greeting').waitFor();
  await page.getByRole('link', { name: 'Agents', exact: true }).first().click();
  await button(dialog(page, 'Leave without saving?'), 'Leave and lose it').click();
  await page.getByRole('heading', { level: 1, name: 'Agents' }).waitFor();
  await openAgent(page, agent.id, 'states');
  assert.equal(await page.getByText('You have unsaved changes from').count(), 0, 'it was given up');
  assert.equal((await draft()).states.length, 3);
});
