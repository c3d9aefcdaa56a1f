import assert from 'node:assert/strict';
import { makeOwner, PASSWORD, signIn } from '../lib/api.mjs';
import { flow } from '../lib/flow.mjs';
import { makeSample } from '../lib/sample.mjs';
import { button, dialog, heading, openAgent, typeAtEnd } from '../lib/steps.mjs';

flow('a session that ends in mid-edit loses no text', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { agent } = await makeSample(owner, cleanUp);
  const here = await open({ session: owner });
  const there = await open({ session: await signIn(server.url, 'ada@example.com') });

  await openAgent(here.page, agent.id);
  await typeAtEnd(here.page, 'Instructions', ' Say goodbye.');

  // From another browser, all sessions end.
  await there.page.goto('/integrations');
  await heading(there.page, 'Integrations').waitFor();
  await there.page.getByRole('button', { name: /Ada Lovelace/ }).click();
  await there.page.getByRole('menuitem', { name: /Sign out everywhere/ }).click();
  await there.page.waitForURL(/sign-in/);

  await button(here.page, 'Save').click();
  const again = dialog(here.page, 'Your session has ended');
  await again.getByRole('textbox', { name: 'Password' }).fill('not this one at all');
  await button(again, 'Sign in and continue').click();
  await again.getByRole('alert').waitFor();
  await again.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await button(again, 'Sign in and continue').click();
  await again.waitFor({ state: 'detached' });
  await here.page.getByText('Saved', { exact: true }).first().waitFor();
  const back = await signIn(server.url, 'ada@example.com');
  const draft = await back.get(`/agents/${agent.id}/draft`);
  assert.equal(draft.instructions, 'Tell them their balance first. Say goodbye.');

  // The other browser stands at the door and comes back to where it was.
  await there.page.goto('/secrets?q=billing');
  await there.page.waitForURL(/sign-in/);
  await there.page.getByLabel('E-mail').fill('ada@example.com');
  await there.page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await there.page.keyboard.press('Enter');
  await there.page.waitForURL(/secrets\?q=billing/);
  await there.page.getByText('billing_token').first().waitFor();
});
