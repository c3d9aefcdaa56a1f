import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Debian's Chromium, or the one that CHROMIUM names. */
export function chromiumPath() {
  const found = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
    (one) => one && existsSync(one),
  );
  if (!found) throw new Error('Chromium is missing; run scripts/setup.sh, or name it in CHROMIUM');
  return found;
}

export function launch() {
  return chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
}

// What the browser itself logs for an answer that the pages expect and show.
const EXPECTED = /Failed to load resource: the server responded with a status of (401|403|404|409|412|422|429|502)/;

/**
 * A person at a browser: a context of its own and one page. `complaints` fills with errors of
 * scripts, of the content security policy, and with requests to anywhere but the server.
 */
export async function person(browser, server, { session, width = 1280, height = 800, scheme = 'light' } = {}) {
  const context = await browser.newContext({
    baseURL: server.url,
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(30_000);
  if (session) await carry(context, server, session);
  const complaints = [];
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== server.url) complaints.push(`asked ${request.url()}`);
  });
  context.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text())) complaints.push(message.text().slice(0, 500));
  });
  context.on('weberror', (error) => complaints.push(String(error.error()).slice(0, 500)));
  const page = await context.newPage();
  return { context, page, complaints };
}

/** Puts the cookie of somebody who signed in over the API into a browser. */
export function carry(context, server, session) {
  const [name, value] = session.cookie.split('=');
  return context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Lax' }]);
}

export const screenshots = new URL('../screenshots/', import.meta.url).pathname;
