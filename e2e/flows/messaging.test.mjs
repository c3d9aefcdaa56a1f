import assert from 'node:assert/strict';
import { makeOwner } from '../lib/api.mjs';
import { flow } from '../lib/flow.mjs';
import { button, choose, heading } from '../lib/steps.mjs';

flow(
  'messaging channel: form errors, a test message, delivered',
  async ({ server, open }) => {
    const owner = await makeOwner(server);
    const { page } = await open({ session: owner });

    await page.goto('/integrations');
    await button(page, 'Add integration').first().click();
    await page.getByRole('menuitem', { name: /^Messaging channel/ }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Reminders');
    const connect = page.getByRole('button', { name: /^Connect/ });

    // What is missing or wrong is said beside its field, before anything is made.
    await connect.click();
    await page.getByText('Choose a secret, or make a new one.').first().waitFor();
    const telnyx = (await owner.get('/integrations')).data.find((one) => one.kind === 'messaging_channel');
    await choose(page, page, /Telnyx API key/, telnyx.api_key.secret);
    const sender = page.getByRole('textbox', { name: 'Sender' });
    await sender.fill('not a number!');
    await connect.click();
    await page.getByRole('alert').first().waitFor();
    assert.equal(await sender.getAttribute('aria-invalid'), 'true');
    await sender.fill('+13125550142');
    await connect.click();
    await heading(page, 'Reminders').waitFor();

    // A number that cannot be one; then one that gets the message.
    await page.getByRole('tab', { name: 'Test message' }).click();
    await page.getByLabel('Environment').selectOption('Production');
    const to = page.getByRole('textbox', { name: 'To' });
    await to.fill('12');
    await button(page, 'Send the message').click();
    await page.getByRole('alert').first().waitFor();
    assert.equal(await to.getAttribute('aria-invalid'), 'true');
    await to.fill('+13125550100');
    await page.getByRole('textbox', { name: 'Text' }).fill('Your table is free at eight.');
    await button(page, 'Send the message').click();
    await page.getByRole('link', { name: 'Open the message' }).waitFor();

    // It is in the list, and the receipt comes in by itself.
    await page.getByRole('link', { name: 'Messages', exact: true }).click();
    await heading(page, 'Messages').waitFor();
    const row = page.getByRole('row').filter({ hasText: 'Your table is free at eight.' });
    await row.getByText('delivered', { exact: true }).waitFor({ timeout: 45_000 });
    await row.getByRole('link', { name: '+13125550100' }).click();
    await page.getByText('The network confirmed that it arrived.').waitFor();
    const simulator = await fetch(server.word('sample Telnyx')).then((answer) => answer.text());
    assert.ok(simulator.includes('Your table is free at eight.'), 'the simulator got it');

    // A recipient who answered STOP: why, and what to do.
    await page.goto(`/integrations/${telnyx.id}?tab=test`);
    await page.getByLabel('Environment').selectOption('Production');
    await page.getByRole('textbox', { name: 'To' }).fill('+13125540300');
    await button(page, 'Send the message').click();
    await page.getByText('sending failed', { exact: true }).waitFor();
    await page.getByText('The recipient answered STOP').waitFor();
  },
  { on: ['demo'] },
);
