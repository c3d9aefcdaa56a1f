// Measures the first load of the Integrations page and what three usual clicks take, in Debian's
// Chromium with an empty cache, and prints a Markdown table:
//
//   node e2e/measure.mjs http://127.0.0.1:8080/setup#TOKEN     (makes the owner's account)
//   STUDIO_EMAIL=... STUDIO_PASSWORD=... node e2e/measure.mjs https://switchboard.example
//
// The clicks need an integration and an agent, as the demo has them.
import { makeOwner, signInWith } from './lib/api.mjs';
import { carry, launch } from './lib/browser.mjs';

const RUNS = 5;
const PACES = [
  { label: 'as it is', cpu: 1 },
  { label: 'processor 4 times slower, 10 Mbit/s, 40 ms', cpu: 4, network: { latency: 40, downloadThroughput: 1_250_000, uploadThroughput: 1_250_000 } },
];

const [address] = process.argv.slice(2);
if (!address) {
  console.error('usage: node measure.mjs ADDRESS-OR-SETUP-LINK');
  process.exit(2);
}
const server = { url: new URL(address).origin, setupLink: address };
const session = address.includes('/setup#')
  ? await makeOwner(server)
  : await signInWith(server.url, process.env.STUDIO_EMAIL, process.env.STUDIO_PASSWORD);

const browser = await launch();
try {
  console.log(`Chromium ${browser.version()}, ${RUNS} loads each with an empty cache, medians.\n`);
  await firstLoads();
  console.log('');
  await clicks();
} finally {
  await browser.close();
}

async function firstLoads() {
  console.log('| first load of Integrations | FCP | LCP | blocking time | longest task | requests | script | all | to other origins |');
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const pace of PACES) {
    const loads = [];
    for (let run = 0; run < RUNS; run += 1) loads.push(await firstLoad(pace));
    const of = (key) => median(loads.map((one) => one[key]));
    const ms = (key) => `${Math.round(of(key))} ms`;
    const kb = (key) => `${(of(key) / 1000).toFixed(0)} kB`;
    console.log(
      `| ${pace.label} | ${ms('fcp')} | ${ms('lcp')} | ${ms('blocking')} | ${ms('longest')} | ${of('requests')} | ${kb('script')} | ${kb('bytes')} | ${Math.max(...loads.map((one) => one.foreign))} |`,
    );
  }
}

async function firstLoad({ cpu, network }) {
  const { context, page, cdp } = await newPage();
  const seen = { requests: 0, script: 0, bytes: 0, foreign: 0 };
  const kinds = new Map();
  cdp.on('Network.requestWillBeSent', ({ request }) => {
    if (!request.url.startsWith('http')) return;
    seen.requests += 1;
    if (new URL(request.url).origin !== server.url) seen.foreign += 1;
  });
  cdp.on('Network.responseReceived', ({ requestId, type }) => kinds.set(requestId, type));
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    seen.bytes += encodedDataLength;
    if (kinds.get(requestId) === 'Script') seen.script += encodedDataLength;
  });
  await cdp.send('Network.enable');
  if (network) await cdp.send('Network.emulateNetworkConditions', { offline: false, ...network });
  if (cpu > 1) await cdp.send('Emulation.setCPUThrottlingRate', { rate: cpu });
  await page.addInitScript(() => {
    window.measured = { fcp: 0, lcp: 0, tasks: [] };
    const watch = (type, take) =>
      new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
    watch('paint', (one) => {
      if (one.name === 'first-contentful-paint') window.measured.fcp = one.startTime;
    });
    watch('largest-contentful-paint', (one) => {
      window.measured.lcp = one.startTime;
    });
    watch('longtask', (one) => window.measured.tasks.push([one.startTime, one.duration]));
  });
  await page.goto(`${server.url}/integrations`);
  await page.getByRole('heading', { level: 1, name: 'Integrations' }).waitFor();
  await page.waitForLoadState('networkidle');
  const { fcp, lcp, tasks } = await page.evaluate(() => window.measured);
  await context.close();
  const blocking = tasks.reduce((sum, [start, length]) => sum + (start >= fcp ? Math.max(0, length - 50) : 0), 0);
  return { ...seen, fcp, lcp, blocking, longest: Math.max(0, ...tasks.map(([, length]) => length)) };
}

async function clicks() {
  console.log('| click | to the next paint | until it is there |');
  console.log('|---|---|---|');
  const integration = (await session.get('/integrations')).data.find((one) => one.kind === 'custom_api');
  const agent = (await session.get('/agents')).data[0];
  if (!integration || !agent) {
    console.log('| left out: there is no API or no agent to click on | | |');
    return;
  }
  for (const one of [
    { label: 'Integrations: open *Add integration*', at: '/integrations', role: 'button', name: 'Add integration', shows: '[role="menu"] a' },
    { label: 'An integration: its *Settings* tab', at: `/integrations/${integration.id}`, role: 'tab', name: 'Settings', shows: 'section[aria-label="Production"]' },
    { label: 'An agent: its *Actions* tab', at: `/agents/${agent.id}`, role: 'tab', name: /^Actions/, shows: '[role="tabpanel"] .binding-row' },
  ]) {
    const times = [];
    for (let run = 0; run < RUNS; run += 1) times.push(await click(one));
    const [paint, there] = ['paint', 'there'].map((key) => `${Math.round(median(times.map((time) => time[key])))} ms`);
    console.log(`| ${one.label} | ${paint} | ${there} |`);
  }
}

async function click({ at, role, name, shows }) {
  const { context, page } = await newPage();
  await page.goto(server.url + at);
  await page.waitForLoadState('networkidle');
  const target = page.getByRole(role, { name }).first();
  await target.waitFor();
  await page.evaluate((wanted) => {
    window.times = new Promise((resolve) => {
      const times = {};
      const done = () => times.paint !== undefined && times.there !== undefined && resolve(times);
      document.addEventListener(
        'click',
        ({ timeStamp }) => {
          // After the next frame is drawn: a task that is queued within it.
          requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => {
              times.paint = performance.now() - timeStamp;
              done();
            };
            port2.postMessage(null);
          });
          const look = () => {
            if (!document.querySelector(wanted)) return requestAnimationFrame(look);
            times.there = performance.now() - timeStamp;
            done();
          };
          requestAnimationFrame(look);
        },
        { capture: true, once: true },
      );
    });
  }, shows);
  await target.click();
  const times = await page.evaluate(() => window.times);
  await context.close();
  return times;
}

async function newPage() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await carry(context, server, session);
  const page = await context.newPage();
  return { context, page, cdp: await context.newCDPSession(page) };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
