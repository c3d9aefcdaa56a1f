import assert from 'node:assert/strict';
import { makeOwner } from '../lib/api.mjs';
import { flow } from '../lib/flow.mjs';
import { makeSample } from '../lib/sample.mjs';
import { button, openAgent, typeAtEnd } from '../lib/steps.mjs';

const NEWER = 'A newer version was installed';

flow('a render throws and nothing typed is lost', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { agent } = await makeSample(owner, cleanUp);
  const one = await open({ session: owner });
  const { page } = one;
  await openAgent(page, agent.id);
  await typeAtEnd(page, 'Instructions', ' Never guess.');
  await page.getByText('Unsaved changes').waitFor();

  // An answer that no page expects: what draws it has a fault of its own.
  const nonsense = (route) => route.fulfill({ json: { data: [null], next: null } });
  await page.route('**/api/v1/variables*', nonsense);
  await page.getByRole('tab', { name: 'Settings' }).click();
  page.once('dialog', (asked) => asked.accept()); // the browser asks before it leaves what is not saved
  await page.reload();
  const fault = page.getByRole('alert').filter({ hasText: 'Something went wrong in this page' });
  await page.getByRole('tab', { name: /^Instructions/ }).click();
  await fault.waitFor();
  assert.equal(await page.getByText('The server cannot be reached').count(), 0);
  await button(fault, 'Copy details').waitFor();
  // The rest of the page goes on, with what was typed on offer.
  await page.getByText('You have unsaved changes from').waitFor();
  await button(page, 'Restore').click();
  await page.getByText('Unsaved changes').waitFor();
  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByText('Delete this agent').waitFor();
  assert.equal(await fault.count(), 0);
  // Mended: the tab is there again, with the text.
  await page.unroute('**/api/v1/variables*', nonsense);
  await page.keyboard.press('Control+s');
  await page.getByText('Saved', { exact: true }).first().waitFor();
  assert.match((await owner.get(`/agents/${agent.id}/draft`)).instructions, /Never guess\.$/);
  one.complaints.length = 0; // what the browser said of the fault
  await page.reload();
  await page.getByRole('tab', { name: /^Instructions/ }).click();
  await page.getByRole('textbox', { name: 'Instructions', exact: true }).getByText('Never guess.').waitFor();
  assert.equal(await page.getByText('You have unsaved changes from').count(), 0, 'it is saved');
});

flow('a chunk is gone after an upgrade', async ({ server, open, cleanUp }) => {
  const owner = await makeOwner(server);
  const { agent, actions } = await makeSample(owner, cleanUp);
  const one = await open({ session: owner });
  const { page } = one;
  await openAgent(page, agent.id);
  await typeAtEnd(page, 'Instructions', ' Be kind.');

  const gone = (route) => route.fulfill({ status: 404, body: 'gone' });
  const start = (route) =>
    route.request().resourceType() === 'fetch'
      ? route.fulfill({ contentType: 'text/html', body: '<script type="module" src="/assets/index-new.js"></script>' })
      : route.continue();
  await page.route('**/assets/ActionsTab-*', gone);
  await page.route(`${server.url}/`, start);
  await page.getByRole('tab', { name: /^Actions/ }).click();
  const notice = page.getByRole('alert').filter({ hasText: NEWER });
  await notice.waitFor();
  assert.equal(await page.getByText('The server cannot be reached').count(), 0);
  await page.getByText('Unsaved changes').waitFor();
  await page.unroute('**/assets/ActionsTab-*', gone);
  page.once('dialog', (asked) => asked.accept()); // the browser asks before it leaves what is not saved
  await button(notice, 'Reload').click();
  await page.getByText('You have unsaved changes from').waitFor();
  await button(page, 'Restore').click();
  await button(page, 'Save').click();
  await page.getByText('Saved', { exact: true }).first().waitFor();
  assert.match((await owner.get(`/agents/${agent.id}/draft`)).instructions, /Be kind\.$/);

  // A whole page that is gone says the same, and is not loaded again without asking.
  await page.route('**/assets/AuditPage-*', gone);
  await page.getByRole('link', { name: 'Audit log' }).click();
  await notice.waitFor();

  // A shared action: what is typed comes back, too.
  await page.goto(`/actions/${actions.refund.id}`);
  await page.getByRole('textbox', { name: 'Description', exact: true }).fill('Gives money back.');
  await page.getByText('You have changes that are not saved.').waitFor();
  page.once('dialog', (asked) => asked.accept());
  await page.reload();
  await page.getByText('You have unsaved changes from').waitFor();
  await button(page, 'Restore').click();
  assert.equal(await page.getByRole('textbox', { name: 'Description', exact: true }).inputValue(), 'Gives money back.');
  await button(page, 'Discard').click();
  assert.equal(await page.getByRole('textbox', { name: 'Description', exact: true }).inputValue(), 'Does refund.');
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'refund' }).waitFor();
  assert.equal(await page.getByText('You have unsaved changes from').count(), 0);
  one.complaints.length = 0; // what the browser said of the chunks
});
