import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './wait.mjs';

export const binary = process.env.E2E_BINARY;
if (!binary) throw new Error('E2E_BINARY is not set; run scripts/e2e.sh BINARY');

let databases = 0;

/** A new, empty database in the cluster of scripts/with-postgres.sh, and its URL. */
function newPostgres() {
  const cluster = process.env.SWITCHBOARD_TEST_POSTGRES_URL;
  if (!cluster) throw new Error('SWITCHBOARD_TEST_POSTGRES_URL is not set; run scripts/e2e.sh BINARY');
  databases += 1;
  const name = `e2e_${process.pid}_${databases}`;
  execFileSync('psql', ['-q', cluster, '-c', `create database ${name}`]);
  return cluster.replace(/\/postgres\?/, `/${name}?`);
}

/**
 * Starts the program and waits until it says where it is.
 * `kind`: `sqlite`, `postgres`, or `demo` (which brings its own data).
 */
export async function startServer(kind) {
  const directory = mkdtempSync(join(tmpdir(), 'sb-e2e-'));
  const flags = ['--listen', '127.0.0.1:0', '--log-level', 'warn'];
  const where = ['--data-dir', directory];
  if (kind === 'postgres') where.push('--database-url', newPostgres());
  if (kind !== 'demo') flags.push(...where, '--allow-network', '127.0.0.1');
  // A file of settings or a variable of the person who runs this must not leak in.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SWITCHBOARD_')));
  const child = spawn(binary, [kind === 'demo' ? 'demo' : 'serve', ...flags], {
    cwd: directory,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let log = '';
  let ended;
  child.stdout.on('data', (part) => {
    said += part;
  });
  child.stderr.on('data', (part) => {
    log = (log + part).slice(-20_000);
  });
  child.on('exit', (code) => {
    ended = `the server ended with ${code}`;
  });
  const stop = async () => {
    if (ended === undefined) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(hard);
    }
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const setupLink = await until('the link for the owner', () => {
      if (ended) throw new Error(`${ended}\n${said}${log}`);
      return /(http:\S+\/setup#\S+)/.exec(said)?.[1];
    }, { timeout: 60_000 });
    const url = new URL(setupLink).origin;
    const word = (label) => new RegExp(`${label}\\s+(\\S+)`).exec(said)?.[1];
    /** Runs a command of the binary on the server's database; answers what it printed. */
    const command = (...words) =>
      execFileSync(binary, [...words, ...where], { cwd: directory, env, encoding: 'utf8' });
    return { url, setupLink, stop, log: () => log, word, command };
  } catch (error) {
    await stop();
    throw error;
  }
}
