import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { liven } from '../lib/activity.mjs';
import { makeOwner } from '../lib/api.mjs';
import { seriousViolations } from '../lib/axe.mjs';
import { screenshots } from '../lib/browser.mjs';
import { flow } from '../lib/flow.mjs';
import { pagesOf, settle } from '../lib/pages.mjs';
import { saveDraft } from '../lib/sample.mjs';
import { button } from '../lib/steps.mjs';

const LOOKS = [
  { scheme: 'light', width: 1280, height: 800, axe: true },
  { scheme: 'dark', width: 1280, height: 800, axe: true },
  // Its colours are those above, its layout is the one below.
  { scheme: 'dark', width: 390, height: 844, axe: false },
  { scheme: 'light', width: 390, height: 844, axe: true },
];

flow(
  'every page: pictures in both widths and themes, nothing too wide, nothing serious for axe',
  async ({ server, open }) => {
    mkdirSync(screenshots, { recursive: true });
    const wrong = [];
    const door = await open();
    for (const [name, path] of [
      ['setup', new URL(server.setupLink).pathname + new URL(server.setupLink).hash],
      ['setup-without-link', '/'],
    ]) {
      await look(door.page, { name, path }, wrong);
    }

    const owner = await makeOwner(server);
    await owner.post('/invitations', { email: 'grace@example.com', role: 'editor' });
    const { pages, helper, desk } = await pagesOf(owner);
    const conversation = await liven(owner, { helper, desk });
    await look(door.page, { name: 'sign-in', path: '/sign-in' }, wrong);

    const { page } = await open({ session: owner });
    const running = (await owner.post('/conversations', { agent_id: helper.id, environment: 'production' })).id;
    const message = (await owner.get('/messages')).data[0];
    for (const one of [
      ...pages,
      { name: 'conversation', path: `/conversations/${conversation.id}` },
      { name: 'playground-running', path: `/agents/${helper.id}?tab=playground&conversation=${running}` },
      ...(message ? [{ name: 'message', path: `/messages/${message.id}` }] : []),
    ]) {
      await look(page, one, wrong);
    }
    for (const one of await afterChanges(owner, helper)) await look(page, one, wrong);
    assert.deepEqual(wrong, []);
  },
  { on: ['demo'] },
);

/** What the agent's pages say after its actions changed under it. */
async function afterChanges(owner, helper) {
  const draft = await owner.get(`/agents/${helper.id}/draft`);
  const linked = [];
  for (const { link } of draft.actions) {
    if (link) linked.push(await owner.get(`/actions/${link.action_id}`));
  }
  const apis = linked.filter((one) => one.integration_kind === 'custom_api');
  const [changed, deleted] = apis.toSorted((a, b) => b.output_variables.length - a.output_variables.length);
  await owner.patch(`/actions/${changed.id}`, {
    description: `${changed.description} Amounts are in cents.`,
    output_variables: changed.output_variables.map((one, at) => (at === 0 ? { ...one, name: `${one.name}_now` } : one)),
  });
  await owner.delete(`/actions/${deleted.id}`);
  await saveDraft(owner, helper.id, { instructions: 'Something else.' });
  await owner.post(`/agents/${helper.id}/versions/1/restore`);
  const title = helper.name;
  return [
    { name: 'agent-banner', path: `/agents/${helper.id}?tab=actions`, title },
    {
      name: 'restore-dialog',
      path: `/agents/${helper.id}?panel=history`,
      title,
      then: async (page) => {
        await button(page, 'Restore v1').click();
        await page.getByRole('group', { name: 'Changed linked actions' }).waitFor();
      },
    },
    {
      name: 'publish-blocked',
      path: `/agents/${helper.id}?tab=actions`,
      title,
      then: async (page) => {
        await button(page, 'Publish').click();
        await page.getByRole('dialog', { name: /cannot be published/ }).waitFor();
      },
    },
  ];
}

/** Looks at one page in every width and theme. */
async function look(page, one, wrong) {
  const [{ scheme, width, height }] = LOOKS;
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: scheme });
  await settle(page, one);
  for (const { scheme, width, height, axe } of LOOKS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await drawn(page);
    await page.screenshot({ path: `${screenshots}${one.name}-${width}-${scheme}.png` });
    const where = `${one.name}, ${scheme}, ${width} px`;
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (over > 0) wrong.push(`${where}: ${over} px too wide`);
    if (!axe) continue;
    for (const violation of await seriousViolations(page)) wrong.push(`${where}: ${violation}`);
  }
}

/** Two frames and the end of what moves. */
function drawn(page) {
  return page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await Promise.allSettled(
      document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity).map((one) => one.finished),
    );
  });
}
