import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch, person, screenshots } from './browser.mjs';
import { startServer } from './server.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Where a flow runs that shows more of the server than of its pages. */
export const both = ['sqlite', 'postgres'];

/** The API behaves alike on both databases, by tests of its own: a flow of the pages needs one of them, in turn. */
function one(name) {
  const sum = [...name].reduce((all, letter) => all + letter.charCodeAt(0), 0);
  return [both[sum % both.length]];
}

/**
 * A flow is a test: `flow(name, async ({server, open, kind}) => ...)`.
 * `open(options)` is another person at a browser. What a page complained about fails the flow.
 */
export function flow(name, run, { on = one(name) } = {}) {
  for (const kind of on) {
    test(`${kind}: ${name}`, (context) => twice(kind, name, run, context));
  }
}

/** A machine with much else to do is too slow once in a while; what is wrong fails both times. */
async function twice(kind, name, run, context) {
  try {
    await runOn(kind, name, run);
  } catch (error) {
    const [first] = String(error.message).split('\n');
    context.diagnostic(`${kind}: ${name}: tried again after: ${first}`);
    console.error(`again   ${kind}: ${name}, after: ${first}`);
    await runOn(kind, name, run);
  }
}

async function runOn(kind, name, run) {
  const server = await startServer(kind);
  const people = [];
  const closing = [];
  const open = async (options) => {
    const one = await person(browser, server, options);
    people.push(one);
    return one;
  };
  try {
    await run({ server, kind, open, cleanUp: (close) => closing.push(close) });
    for (const one of people) assert.deepEqual(one.complaints, [], 'what the pages complained about');
  } catch (error) {
    await picture(people, `failed-${kind}-${name}`);
    const log = server.log();
    if (log) error.message += `\n--- the server's log\n${log.slice(-2_000)}`;
    const said = people.flatMap((one) => one.complaints);
    if (said.length > 0) error.message += `\n--- what the pages complained about\n${said.join('\n')}`;
    throw error;
  } finally {
    for (const one of people) await one.context.close();
    for (const close of closing) await close();
    await server.stop();
  }
}

/** What was on the screen when a flow failed. */
async function picture(people, name) {
  mkdirSync(screenshots, { recursive: true });
  let number = 0;
  for (const { page } of people) {
    number += 1;
    const path = `${screenshots}${name.replace(/[^a-z0-9]+/gi, '-')}-${number}.png`;
    await page.screenshot({ path, timeout: 5_000 }).catch(() => {});
  }
}
