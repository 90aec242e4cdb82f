import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = new URL('../..', import.meta.url).pathname;

export interface SpawnOptions {
  env?: Record<string, string | undefined>;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** A process group of its own, as a terminal gives each command: see `interrupt`. */
  ownGroup?: boolean;
}

const started = new Set<TestProcess>();

// Whatever a test does, none of its processes outlives its file.
afterAll(async () => {
  await Promise.all([...started].map((one) => one.end()));
});

/** A child process whose output can be waited for. */
export class TestProcess {
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Standard output and error so far. */
  output = '';
  private readonly child: ChildProcess;
  private readonly waiting = new Set<() => void>();
  private over = false;

  constructor(command: string, args: string[], private readonly options: SpawnOptions = {}) {
    const { env, cwd = ROOT, uid, gid, ownGroup: detached = false } = options;
    const [program, ...all] = [...dieWithTests(), command, ...args] as [string, ...string[]];
    this.child = spawn(program, all, { cwd, uid, gid, detached, stdio: ['ignore', 'pipe', 'pipe'], env: { ...cleanEnv(), ...env } });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.wake();
      });
    }
    this.exited = new Promise((done, fail) => {
      this.child.once('error', fail);
      this.child.once('close', (code, signal) => {
        this.over = true;
        this.wake();
        done({ code, signal });
      });
    });
    this.exited.catch(() => undefined);
    started.add(this);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process did not start');
    return this.child.pid;
  }

  /** Resolves to the match once the output has it; rejects with the output when the process ends or time is up without it. */
  async waitForLine(pattern: RegExp, ms = 30_000): Promise<RegExpExecArray> {
    const deadline = performance.now() + ms;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found;
      const left = deadline - performance.now();
      if (this.over || left <= 0) throw new Error(`${this.over ? 'ended' : `nothing after ${ms} ms`} without ${String(pattern)}:\n${this.output}`);
      await this.news(left);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** What Ctrl-C does: SIGINT to the whole process group. Needs `ownGroup`. */
  interrupt(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  /** Closes our ends of its output: whatever it writes from now on, nobody takes. */
  deafen(): void {
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }

  /** Asks it to end and waits until it has. @returns its exit code */
  async leave(): Promise<number | null> {
    if (!this.over) this.child.kill('SIGTERM');
    return (await this.exited).code;
  }

  /** Kills it (and its group, where it has one) if it still runs. */
  async end(): Promise<void> {
    started.delete(this);
    if (this.child.pid === undefined) return;
    if (!this.over) killQuietly(this.options.ownGroup ? -this.pid : this.pid);
    await this.exited;
  }

  private news(ms: number): Promise<void> {
    return new Promise((done) => {
      const woken = () => {
        clearTimeout(timer);
        this.waiting.delete(woken);
        done();
      };
      const timer = setTimeout(woken, ms);
      this.waiting.add(woken);
    });
  }

  private wake(): void {
    for (const waiter of [...this.waiting]) waiter();
  }
}

/** The server as `npm start` runs it. */
export function spawnStart(options: SpawnOptions = {}): TestProcess {
  return new TestProcess(process.execPath, ['scripts/start.mjs'], options);
}

/** Where the kernel can see to it, a killed test run takes these processes along: no afterAll runs then. */
function dieWithTests(): string[] {
  return existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : [];
}

/** The test run's own settings would change what is under test. */
function cleanEnv(): NodeJS.ProcessEnv {
  const drop = /^(RAPPORT_|NODE_OPTIONS|npm_|JEST_|DATABASE_URL|REDIS_URL|NODE_ENV|FORCE_COLOR)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !drop.test(name)));
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}

/**
 * The processes (by pid) that have to do with a folder: it stands in their command line or is above their working folder.
 * Reads /proc, so Linux only.
 */
export function processesOf(folder: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.map(Number).filter((pid) => {
    try {
      if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return false;
      const cwd = readlinkSync(`/proc/${pid}/cwd`);
      return cwd === folder || cwd.startsWith(`${folder}/`) || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false; // ended while we looked
    }
  });
}

/** Resolves to the milliseconds until no process has to do with the folder; rejects after `ms`. */
export async function waitUntilNoProcessOf(folder: string, ms: number): Promise<number> {
  const began = performance.now();
  for (;;) {
    const left = processesOf(folder);
    const took = performance.now() - began;
    if (left.length === 0) return took;
    if (took > ms) throw new Error(`still running after ${ms} ms: ${left.map((pid) => `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`).join('; ')}`);
    await sleep(50);
  }
}
