import assert from 'node:assert/strict';
import { invite, makeOwner } from '../lib/api.mjs';
import { both, flow } from '../lib/flow.mjs';
import { makeSample } from '../lib/sample.mjs';
import { button, dialog, openAgent, typeAtEnd } from '../lib/steps.mjs';

flow('two people edit one draft', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { agent } = await makeSample(owner, cleanUp);
  const grace = await invite(owner, 'grace@example.com', 'editor', 'Grace Hopper');
  const first = await open({ session: owner });
  const second = await open({ session: grace });
  const text = async () => (await owner.get(`/agents/${agent.id}/draft`)).instructions;

  await openAgent(first.page, agent.id);
  await openAgent(second.page, agent.id);
  await typeAtEnd(first.page, 'Instructions', ' Never guess.');
  await typeAtEnd(second.page, 'Instructions', ' Be kind.');
  await button(second.page, 'Save').click();
  await second.page.getByText('Saved', { exact: true }).first().waitFor();
  assert.equal(await text(), 'Tell them their balance first. Be kind.');

  // The slower one is told, and sees both.
  await first.page.keyboard.press('Control+s');
  await first.page.getByText('Somebody else changed this draft in the meantime').waitFor();
  assert.equal(await text(), 'Tell them their balance first. Be kind.', 'nothing was overwritten');
  await button(first.page, 'Show the difference').click();
  const conflict = dialog(first.page, 'Somebody else changed this draft');
  await conflict.getByText('Be kind.').first().waitFor();
  await conflict.getByRole('tab', { name: 'What you changed' }).click();
  await conflict.getByText('Never guess.').first().waitFor();

  // Taking theirs sets mine aside; it comes back when asked for.
  await button(conflict, 'Take theirs').click();
  const editor = first.page.getByRole('textbox', { name: 'Instructions', exact: true });
  await editor.getByText('Be kind.').waitFor();
  await first.page.getByText('What you typed is set aside').waitFor();
  await button(first.page, 'Show it').click();
  await first.page.getByRole('dialog').getByText('Never guess.').first().waitFor();
  await button(first.page, 'Put it back into the form').click();
  await editor.getByText('Never guess.').waitFor();
  await button(first.page, 'Save').click();
  await first.page.getByText('Saved', { exact: true }).first().waitFor();
  assert.match(await text(), /Never guess\./);

  // The other one, who typed nothing since, has it without asking; then edits another part.
  await openAgent(second.page, agent.id);
  await second.page.getByRole('textbox', { name: 'Instructions', exact: true }).getByText('Never guess.').waitFor();
}, { on: both });
