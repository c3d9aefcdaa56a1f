import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { seriousViolations } from '../lib/axe.mjs';
import { screenshots } from '../lib/browser.mjs';
import { flow } from '../lib/flow.mjs';
import { heading } from '../lib/steps.mjs';

flow(
  'the reference of the API, by somebody who is not signed in',
  async ({ open }) => {
    mkdirSync(screenshots, { recursive: true });
    const { page } = await open();
    for (const address of ['/api/docs', '/api/docs/']) {
      await page.goto(address);
      await heading(page, 'API reference').waitFor();
    }
    await look(page, 'reference-start');

    // Searched and opened by keyboard alone.
    const search = page.getByRole('searchbox', { name: 'Search operations' });
    await page.keyboard.press('/');
    await page.keyboard.type('put /secrets');
    await page.getByRole('status').getByText('1 operation', { exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/operations\/put_secret$/);
    await page.getByRole('heading', { level: 1, name: /secret/i }).waitFor();
    await page.getByText("curl -sS -X PUT '").waitFor();
    await page.getByRole('heading', { name: 'Request body' }).waitFor();
    await look(page, 'reference-operation');

    // What is found can be walked through.
    await page.keyboard.press('/');
    await search.fill('integration');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.match(await page.evaluate(() => document.activeElement.getAttribute('href')), /#\/operations\/\w+$/);

    // A deep link shows a union by its kinds, and what is inside of what.
    await page.goto('/api/docs#/operations/create_integration');
    await page.getByRole('heading', { level: 1 }).getByText(/integration/i).waitFor();
    const kinds = page.getByRole('combobox', { name: 'By kind' }).first();
    await kinds.selectOption({ label: 'messaging_channel' });
    await page.getByText('webhook_public_key', { exact: false }).first().waitFor();
    await kinds.selectOption({ label: 'custom_api' });
    await page.getByText('What is in it').first().click();
    await look(page, 'reference-union');

    // A code leads to what to do about it, and back.
    await page.getByRole('link', { name: 'name_taken' }).or(page.getByRole('link', { name: 'invalid_input' })).first().click();
    await page.getByRole('heading', { name: 'What to do' }).waitFor();
    await look(page, 'reference-error');
    await page.getByRole('link', { name: 'All errors' }).click();
    await heading(page, 'Errors').waitFor();
    await look(page, 'reference-errors');

    await page.goto('/api/docs#/operations/no_such');
    await page.getByRole('heading', { level: 1, name: 'There is no operation no_such' }).waitFor();
  },
  { on: ['sqlite'] },
);

/** In both widths and themes: nothing too wide, nothing serious for axe. */
async function look(page, name) {
  const wrong = [];
  for (const [width, height, scheme] of [
    [390, 844, 'light'],
    [1280, 800, 'dark'],
    [1280, 800, 'light'],
  ]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(150);
    await page.screenshot({ path: `${screenshots}${name}-${width}-${scheme}.png` });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (over > 0) wrong.push(`${name}, ${width} px: ${over} px too wide`);
    for (const violation of await seriousViolations(page)) wrong.push(`${name}, ${width} px, ${scheme}: ${violation}`);
  }
  assert.deepEqual(wrong, []);
}
