import assert from 'node:assert/strict';
import { Api, makeOwner, PASSWORD } from '../lib/api.mjs';
import { flow } from '../lib/flow.mjs';
import { makeSample } from '../lib/sample.mjs';
import { button, dialog, openAgent, typeAtEnd } from '../lib/steps.mjs';

flow('a tab saves nothing in the workspace that another tab went to', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { agent } = await makeSample(owner, cleanUp);
  server.command('workspaces', 'create', 'second');
  const key = /sb_\w+/.exec(server.command('keys', 'create', '--name', 'second', '--scope', 'admin', '--workspace', 'second'))[0];
  const second = new Api(server.url, { key });
  const { link } = await second.post('/invitations', { email: 'ada@example.com', role: 'admin' });
  await owner.ask('POST', '/invitations/accept', {
    token: link.split('#')[1], name: 'Ada Lovelace', password: PASSWORD,
  });
  const { workspace, workspaces } = await owner.get('/session');
  const there = workspaces.find((one) => one.id !== workspace.id);
  const text = async () => (await owner.get(`/agents/${agent.id}/draft`)).instructions;

  const { page, context } = await open({ session: owner });
  await openAgent(page, agent.id);
  const before = await text();
  await typeAtEnd(page, 'Instructions', ' Never guess.');

  // The other tab goes elsewhere.
  const other = await context.newPage();
  await other.goto(server.url);
  await other.getByRole('button', { name: /^Workspace .*, switch$/ }).click();
  await other.getByRole('menuitem', { name: /second/ }).click();
  await other.getByRole('button', { name: 'Workspace second, switch' }).waitFor();

  // The first one is told, keeps what was typed, and saves it where it belongs.
  await page.bringToFront();
  await page.keyboard.press('Control+s');
  const asked = dialog(page, 'You switched to another workspace');
  await asked.getByText('Nothing was saved there').waitFor();
  assert.equal((await owner.get('/session')).workspace.id, there.id);
  await button(asked, `Go on in ${workspace.name}`).click();
  await page.getByText('Saved', { exact: true }).first().waitFor();
  assert.equal(await text(), `${before} Never guess.`);
  assert.deepEqual((await second.get('/agents')).data, []);
});
