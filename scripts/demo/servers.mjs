import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inRoot, root } from '../lib/paths.mjs';
import { diesWithUs, Told } from '../lib/run.mjs';
import { send } from './client.mjs';

const STOP_MS = 20_000;
const READY_MS = 60_000;
/** Settings of the caller's own installation: the demo must not touch its databases, projects or mail server. */
const NOT_OURS = /^(PORT|HOST|DATA_DIR|DATABASE_URL|REDIS_URL|ROLE|PUBLIC_URL|ADMIN_API_KEY|USER_TOKEN_SECRET|LINK_SECRET|CORS_ORIGINS|FCM_.*|GOOGLE_APPLICATION_CREDENTIALS|SMTP_URL|MAIL_.*|LOG_LEVEL|SEND_CONCURRENCY|.*_(TIMEOUT|LEASE)_MS|NODE_OPTIONS)$/;

/**
 * What the demo started; `stop` ends all of it and removes its data, whatever state it is in. The processes are in groups of
 * their own, so that Ctrl-C reaches the demo alone, which ends them in order; a killed demo they notice themselves.
 */
export class Servers {
  #children = [];
  #folder;
  #stopping;
  /** Called when a server ends by itself. */
  onFailure = () => undefined;

  /**
   * The providers' stand-ins, in a process of their own.
   * @param {(messages: object[]) => void} onMessages gets what they accepted
   */
  async startGateways(onMessages) {
    const script = inRoot('scripts', 'gateways', 'gateway-process.mjs');
    const child = spawn(process.execPath, [script, '--events', 'ipc', '--keep', '10'], { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    this.#watch(child, 'gateway process', () => child.connected && child.disconnect());
    child.on('message', (event) => event.type === 'received' && onMessages(event.messages));
    for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
    throw new Told('The gateway process ended before it was ready.');
  }

  /**
   * The server as `npm start` runs it, on a data folder of its own that is open to the user who runs Postgres.
   * @returns {Promise<{url: string, adminKey: string, userTokenSecret: string, log: string}>}
   */
  async startRapport({ fcmUrl, smtpUrl, port }) {
    this.#folder = mkdtempSync(join(tmpdir(), 'rapport-demo-'));
    chmodSync(this.#folder, 0o711);
    const secrets = { adminKey: secret('demo_admin'), userTokenSecret: secret('demo') };
    const log = join(this.#folder, 'server.log');
    const url = `http://127.0.0.1:${port ?? (await freePort())}`;
    const output = openSync(log, 'a', 0o600);
    const child = spawn(process.execPath, [...diesWithUs, inRoot('dist', 'src', 'main.js')], {
      cwd: root, detached: true, stdio: ['ignore', output, output],
      env: { ...ownEnvironment(), ...settings({ url, folder: this.#folder, fcmUrl, smtpUrl, ...secrets }) },
    });
    closeSync(output);
    this.#watch(child, 'server', () => child.kill('SIGTERM'));
    await this.#untilReady(child, url);
    return { url, log, ...secrets };
  }

  /** Ends everything, newest first. May be called again and again. */
  stop() {
    return (this.#stopping ??= this.#stopAll());
  }

  async #stopAll() {
    for (const { child, end, exited } of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      end();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(timer);
    }
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  #watch(child, name, end) {
    const exited = new Promise((done) => child.once('exit', done));
    child.once('error', (error) => this.onFailure(new Told(`The ${name} could not be started: ${error.message}`)));
    child.once('exit', (code, signal) => {
      if (!this.#stopping) this.onFailure(new Told(`The ${name} ended by itself (${signal ?? `code ${code}`}).${this.logTail()}`));
    });
    this.#children.push({ child, end, exited });
  }

  async #untilReady(child, url) {
    const deadline = performance.now() + READY_MS;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Told(`The server ended before it was ready.${this.logTail()}`);
      if (performance.now() > deadline) throw new Told(`The server was not ready after ${READY_MS / 1000} s.${this.logTail()}`);
      const answer = await send('GET', new URL('/health/ready', url)).catch(() => undefined);
      if (answer?.status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The last lines of the server's log, to show with a fault. */
  logTail() {
    try {
      const lines = readFileSync(join(this.#folder, 'server.log'), 'utf8').trim().split('\n').slice(-15);
      return lines[0] ? ` The end of its log:\n${lines.join('\n')}` : '';
    } catch {
      return '';
    }
  }
}

function settings({ url, folder, fcmUrl, smtpUrl, adminKey, userTokenSecret }) {
  return {
    PORT: new URL(url).port, HOST: '127.0.0.1', PUBLIC_URL: url, DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'warn',
    ADMIN_API_KEY: adminKey, USER_TOKEN_SECRET: userTokenSecret,
    FCM_ENDPOINT: fcmUrl, FCM_PROJECT_ID: 'rapport-demo', SMTP_URL: smtpUrl, MAIL_FROM: 'Rapport demo <news@shop.example>',
  };
}

function ownEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_OURS.test(name) && !name.startsWith('npm_')));
}

function secret(prefix) {
  return `${prefix}_${randomBytes(18).toString('base64url')}`;
}

/** A port that was free a moment ago: the server must know its own address before it listens. */
function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer().once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}
