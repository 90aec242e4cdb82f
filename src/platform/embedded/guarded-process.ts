import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { lastLines, openLog } from './server-log.js';
import { serverEnv, type ServerUser } from './server-user.js';

export interface ProcessSpec {
  command: string;
  args: string[];
  cwd: string;
  logFile: string;
  user?: ServerUser;
  /** What the kernel sends it when the guardian dies without a word. */
  onGuardianDeath: NodeJS.Signals;
  /** Signals in order, each with the milliseconds it is given before the next. */
  stopBy: [NodeJS.Signals, number][];
}

/** A child of the guardian: its output goes to a log, its end is a promise, and it can be stopped for certain. */
export class GuardedProcess {
  /** Resolves, never rejects, with how it ended. */
  readonly ended: Promise<string>;
  hasEnded = false;
  private readonly child: ChildProcess;
  private readonly logFrom: number;

  constructor(private readonly spec: ProcessSpec) {
    const log = openLog(spec.logFile);
    this.logFrom = log.from;
    const [command, ...args] = [...deathWish(spec.onGuardianDeath), spec.command, ...spec.args] as [string, ...string[]];
    const as = spec.user ? { uid: spec.user.uid, gid: spec.user.gid } : {};
    this.child = spawn(command, args, { cwd: spec.cwd, env: serverEnv(), stdio: ['ignore', log.fd, log.fd], ...as });
    closeSync(log.fd);
    this.ended = new Promise<string>((done) => {
      this.child.once('error', (error) => done(error.message));
      this.child.once('exit', (code, signal) => done(signal ? `ended by ${signal}` : `ended with exit code ${code}`));
    }).then((how) => {
      this.hasEnded = true;
      return how;
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** What it last wrote to its log. */
  lastLines(): string[] {
    return lastLines(this.spec.logFile, this.logFrom);
  }

  /** Goes through the signals until it has ended. */
  async stop(): Promise<void> {
    for (const [signal, ms] of this.spec.stopBy) {
      if (this.hasEnded) return;
      this.child.kill(signal);
      this.child.kill('SIGCONT');
      await Promise.race([this.ended, unheldDelay(ms)]);
    }
  }
}

function unheldDelay(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms).unref());
}

let knowsDeathWish: boolean | undefined;

/**
 * On Linux the kernel itself ends a server whose guardian was killed: setpriv(1) of util-linux sets the parent-death signal
 * and becomes the server. Without it (busybox, macOS) the next start cleans up.
 */
function deathWish(signal: NodeJS.Signals): string[] {
  const wrap = ['setpriv', '--pdeathsig', signal.slice(3)];
  knowsDeathWish ??= process.platform === 'linux' && spawnSync('setpriv', [...wrap.slice(1), 'true']).status === 0;
  return knowsDeathWish ? wrap : [];
}
