import assert from 'node:assert/strict';
import { makeOwner } from '../lib/api.mjs';
import { both, flow } from '../lib/flow.mjs';
import { lock, makeSample, saveDraft } from '../lib/sample.mjs';
import { button, choose, dialog, heading, openAgent } from '../lib/steps.mjs';

flow('the whole story of a restore', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { actions, agent } = await makeSample(owner, cleanUp);
  const { page } = await open({ session: owner });

  // v1 by hand, v2 and v3 as quickly as the API is.
  await openAgent(page, agent.id);
  await button(page, 'Save & lock version').click();
  await page.getByLabel('Notes').fill('All four actions');
  await button(page, 'Lock version').click();
  await dialog(page, 'Locked as v1').waitFor();
  await page.keyboard.press('Escape');
  await owner.post(`/agents/${agent.id}/versions/1/publish`);
  await saveDraft(owner, agent.id, { instructions: 'Tell them their balance first. Be brief.' });
  await lock(owner, agent.id, 'Shorter');
  await saveDraft(owner, agent.id, { instructions: 'Greet them.', actions: [] });
  await lock(owner, agent.id, 'Without actions');

  await renameOutput(page, actions.get_account);
  await editDescription(page, actions.add_note);
  await move(page, actions.get_invoice);
  await remove(page, actions.refund);

  // History, and what restoring v2 would mean.
  await openAgent(page, agent.id);
  await button(page, 'History').click();
  const history = page.getByRole('dialog', { name: 'History' });
  for (const notes of ['All four actions', 'Shorter', 'Without actions']) await history.getByText(notes).waitFor();
  await button(history, 'Restore v2').click();
  const restoring = dialog(page, 'Restore v2');
  await restoring.getByText('4 linked actions have changed since this version was locked').waitFor();
  const preview = restoring.getByRole('group', { name: 'Changed linked actions' });
  await preview.getByText('Mentioned in').first().waitFor();
  const said = await preview.innerText();
  for (const words of ['get_account', 'balance', 'saldo', 'Tell them their balance first.', 'refund', 'get_invoice', 'Adds a note.']) {
    assert.ok(said.includes(words), `the preview says ${words}: ${said}`);
  }
  await button(restoring, 'Restore v2').click();
  await restoring.waitFor({ state: 'detached' });

  // The banner, which survives a reload until each entry is dealt with.
  const banner = page.getByRole('region', { name: 'changed since v2 was locked' });
  await banner.getByText('4 actions have').waitFor();
  await button(banner, 'Show the difference of get_account').click();
  await banner.getByText('saldo').first().waitFor();
  await button(banner, 'Mark as reviewed: get_account').click();
  await banner.getByText('3 actions have').waitFor();
  await page.reload();
  await banner.getByText('3 actions have').waitFor();
  await button(banner, 'Unlink add_note').click();
  await banner.getByText('2 actions have').waitFor();
  await page.reload();
  await banner.getByText('2 actions have').waitFor();
  const draft = await owner.get(`/agents/${agent.id}/draft`);
  assert.equal(draft.instructions, 'Tell them their balance first. Be brief.');
  assert.equal(draft.actions.length, 3, 'add_note is unlinked');

  // What keeps it from being published is told before, and mended there. Nothing is locked by it.
  await button(page, 'Publish').click();
  const blocked = dialog(page, 'v4 cannot be published yet');
  await blocked.getByText('2 links are broken').waitFor();
  assert.ok(await button(blocked, 'Lock and publish v4').isDisabled());
  const refused = await owner.ask('POST', `/agents/${agent.id}/publish`, {});
  assert.equal(refused.body.code, 'broken_references');
  assert.equal((await owner.get(`/agents/${agent.id}`)).published_version, 1, 'nothing was published');
  assert.equal((await owner.get(`/agents/${agent.id}/versions`)).data.length, 3, 'nothing was locked');
  await button(blocked, 'Link it where it is now: get_invoice').click();
  await blocked.getByText('One link is broken').waitFor();
  await button(blocked, 'Relink… refund').click();
  const picking = dialog(page, 'Link another action in place of refund');
  await picking.getByRole('radio', { name: /^credit/ }).check();
  await button(picking, 'Cancel').click();
  await button(blocked, 'Remove refund').click();
  await button(dialog(page, 'Publish'), 'Lock and publish v4').click();
  await page.getByText('New conversations get v4 from now on.').waitFor();
  await button(page, 'Done').click();
  await banner.waitFor({ state: 'detached' });
  const now = await owner.get(`/agents/${agent.id}`);
  assert.equal(now.published_version, 4);
  const names = (await owner.get(`/agents/${agent.id}/versions/4`)).document.actions.map((one) => one.link.action_id);
  assert.deepEqual(names.toSorted(), [actions.get_account.id, actions.get_invoice.id].toSorted());
}, { on: both });

flow('a broken link is linked to another action instead', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { actions, credit, agent } = await makeSample(owner, cleanUp);
  await owner.delete(`/actions/${actions.refund.id}`);
  const { page } = await open({ session: owner });
  await openAgent(page, agent.id, 'actions');
  await button(page, 'Publish').click();
  const blocked = dialog(page, 'v1 cannot be published yet');
  await blocked.getByText('One link is broken').waitFor();
  await button(blocked, 'Relink… refund').click();
  const picking = dialog(page, 'Link another action in place of refund');
  await picking.getByRole('radio', { name: /^credit/ }).check();
  await button(picking, 'Link it').click();
  await button(dialog(page, 'Publish'), 'Lock and publish v1').click();
  await page.getByText('New conversations get v1 from now on.').waitFor();
  const { document } = await owner.get(`/agents/${agent.id}/versions/1`);
  assert.ok(document.actions.some((one) => one.link.action_id === credit.id));
});

async function saveForAll(page) {
  await button(page, 'Save').click();
  const affected = dialog(page, 'Who is affected by this change');
  await affected.getByText('Billing helper').first().waitFor();
  await button(affected, 'Save for all of them').click();
  await affected.waitFor({ state: 'detached' });
  await page.getByText('You have changes that are not saved.').waitFor({ state: 'detached' });
}

async function renameOutput(page, action) {
  await page.goto(`/actions/${action.id}`);
  await heading(page, 'get_account').waitFor();
  const outputs = page.getByRole('region', { name: 'Output variables' });
  await outputs.getByRole('textbox', { name: 'Variable' }).first().fill('saldo');
  await saveForAll(page);
}

async function editDescription(page, action) {
  await page.goto(`/actions/${action.id}`);
  await page.getByRole('textbox', { name: 'Description', exact: true }).fill('Adds a note.');
  await saveForAll(page);
}

async function move(page, action) {
  await page.goto(`/actions/${action.id}`);
  await button(page, 'More: move, delete').click();
  await page.getByRole('menuitem', { name: 'Move to another integration' }).click();
  const moving = dialog(page, 'Move get_invoice');
  await choose(page, moving, 'Move to', 'Archive');
  await moving.getByText('Billing helper').first().waitFor();
  await button(moving, 'Move').click();
  await moving.waitFor({ state: 'detached' });
}

async function remove(page, action) {
  await page.goto(`/actions/${action.id}`);
  await button(page, 'More: move, delete').click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  const deleting = dialog(page, 'Delete the action refund?');
  await deleting.getByText('Billing helper').first().waitFor();
  await button(deleting, 'Delete').click();
  await button(page, 'Bring it back').waitFor();
}
