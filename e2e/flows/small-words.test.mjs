import assert from 'node:assert/strict';
import { makeOwner } from '../lib/api.mjs';
import { flow } from '../lib/flow.mjs';
import { lock, makeSample } from '../lib/sample.mjs';
import { button, dialog, heading, openAgent } from '../lib/steps.mjs';

flow('what is in the fields is what is saved', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { actions } = await makeSample(owner, cleanUp);
  const { page } = await open({ session: owner });
  await page.goto(`/actions/${actions.get_account.id}`);
  const name = page.getByRole('textbox', { name: /^Name of the parameter/ });
  const shape = async () => (await owner.get(`/actions/${actions.get_account.id}`)).parameters;

  await name.fill('account');
  await page.getByText('You have changes that are not saved.').waitFor();
  // Both keys before the page has a moment to itself.
  await name.evaluate((field) => {
    const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
    set.call(field, '');
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 's', ctrlKey: true, bubbles: true }));
  });
  await page.getByText('A parameter needs a name.').first().waitFor();
  assert.deepEqual(Object.keys((await shape()).properties), ['account_id'], 'nothing was saved');

  // A choice that is typed and not entered yet is saved with the rest.
  await name.fill('account_id');
  await button(page, 'More about account_id').click();
  await page.getByRole('textbox', { name: 'One of' }).or(page.getByRole('combobox', { name: 'One of' })).first().fill('A-17');
  await page.keyboard.press('Control+s');
  await button(dialog(page, 'Who is affected by this change'), 'Save for all of them').click();
  const toast = page.locator('.mantine-Notification-root').filter({ hasText: 'Saved' });
  await toast.waitFor();
  const through = await toast.evaluate((element) => getComputedStyle(element).pointerEvents);
  assert.equal(through, 'none', 'what lies under the toast can be pressed');
  assert.deepEqual((await shape()).properties.account_id.enum, ['A-17']);
});

flow('half an action keeps nothing from being saved', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { agent } = await makeSample(owner, cleanUp);
  const { page } = await open({ session: owner });
  await openAgent(page, agent.id, 'actions');
  const start = async (kind) => {
    await button(page, 'Add an agent specific action').click();
    await page.getByRole('menuitem', { name: kind }).click();
  };
  const form = (title) => page.getByRole('dialog', { name: title });

  await start(/^Client event/);
  await form('New client event').getByText('It needs the name of the event.').waitFor();
  await page.keyboard.press('Control+s');
  await button(form('New client event'), 'Cancel').click();
  await form('New client event').waitFor({ state: 'detached' });
  assert.equal((await owner.get(`/agents/${agent.id}/draft`)).actions.length, 4);

  await start(/^Client event/);
  await form('New client event').getByLabel('Event', { exact: true }).fill('show_invoice');
  await button(form('New client event'), 'Add to the agent').click();
  await form('New client event').waitFor({ state: 'detached' });
  await button(page, 'Save').click();
  await page.getByText('Saved', { exact: true }).first().waitFor();
  assert.equal((await owner.get(`/agents/${agent.id}/draft`)).actions.length, 5);

  // The list of agents says whose links changed.
  await lock(owner, agent.id, '');
  await owner.post(`/agents/${agent.id}/versions/1/publish`);
  const links = (await owner.get(`/agents/${agent.id}/draft`)).actions;
  await owner.patch(`/actions/${links[1].link.action_id}`, { description: 'Another one.' });
  await page.goto('/agents');
  await page.getByText('1 changed since it was locked').waitFor();
});

flow('the first Ctrl-K takes every key', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { page } = await open({ session: owner });
  await makeSample(owner, cleanUp);
  // Its code comes late, as over a slow line.
  let give;
  const asked = new Promise((resolve) => {
    give = resolve;
  });
  await page.route('**/assets/Palette-*.js', async (route) => {
    await asked;
    await route.continue();
  });
  await page.goto('/integrations');
  await heading(page, 'Integrations').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('gaudit');
  give();
  const field = page.getByPlaceholder(/^Search pages/);
  await field.waitFor();
  await page.waitForFunction(() => document.activeElement?.matches('.mantine-Spotlight-search'));
  await page.keyboard.type(' log');
  assert.equal(await field.inputValue(), 'gaudit log');
  await heading(page, 'Integrations').waitFor();
});
