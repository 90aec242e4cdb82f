import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { EmbeddedError } from './errors.js';
import type { GuardianOrder, GuardianReport, ServerName } from './guardian-protocol.js';

/** Something the application cannot go on without has died. */
export interface EmbeddedFailure {
  what: ServerName | 'guardian';
  /** One line. */
  message: string;
  /** The last lines of the server's log. */
  log: string[];
}

export type OnFailure = (failure: EmbeddedFailure) => void;

/** The application's end of the line to its guardian. */
export class GuardianClient {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly exited: Promise<void>;
  private readonly ready: Promise<void>;
  private readonly listeners: OnFailure[] = [];
  private readonly failures: EmbeddedFailure[] = [];
  private settle: { ready: () => void; failed: (error: Error) => void } = { ready: () => undefined, failed: () => undefined };
  private stderr = '';
  private stopping = false;

  constructor(order: GuardianOrder) {
    const script = fileURLToPath(new URL('./guardian.js', import.meta.url));
    this.child = spawn(process.execPath, ['--max-old-space-size=64', script, `--guards=${order.dir.root}`], {
      detached: true, // a session of its own
      cwd: '/',
      env: { PATH: process.env.PATH },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.ready = new Promise((ready, failed) => (this.settle = { ready, failed }));
    this.exited = new Promise((done) => {
      this.child.once('error', (error) => this.ended(error.message, done));
      this.child.once('exit', (code, signal) => this.ended(signal ? `ended by ${signal}` : `ended with exit code ${code}`, done));
    });
    this.child.stdin.on('error', () => undefined); // its exit is what we report
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr = (this.stderr + text).slice(-4_000)));
    createInterface({ input: this.child.stdout }).on('line', (line) => this.heard(JSON.parse(line) as GuardianReport));
    this.child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  /** Resolves when both servers take connections. @throws EmbeddedError with the reason and its log line */
  async untilReady(): Promise<void> {
    await this.ready;
    this.holdProcess(false);
  }

  /** Failures so far are told at once. */
  onFailure(listener: OnFailure): void {
    this.listeners.push(listener);
    for (const failure of this.failures) listener(failure);
  }

  /** Tells it to stop the servers and resolves when it has, at the latest after `ms`; then it is ended by force. */
  async stop(ms: number): Promise<void> {
    this.stopping = true;
    this.holdProcess(true);
    this.child.stdin.end('stop\n');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), ms);
    await this.exited;
    clearTimeout(timer);
  }

  private heard(report: GuardianReport): void {
    if (report.event === 'ready') this.settle.ready();
    else if (report.event === 'failed') this.settle.failed(new EmbeddedError(report.message));
    else this.fail({ what: report.server, message: `The embedded ${report.server} ${report.how}.`, log: report.log });
  }

  private ended(how: string, done: () => void): void {
    const log = this.stderr.split('\n').filter(Boolean).slice(-8);
    const message = `The guardian of the embedded servers ${how}.`;
    this.settle.failed(new EmbeddedError([message, ...log].join(' ')));
    if (!this.stopping) this.fail({ what: 'guardian', message, log });
    done();
  }

  private fail(failure: EmbeddedFailure): void {
    if (this.stopping) return;
    this.failures.push(failure);
    for (const listener of this.listeners) listener(failure);
  }

  /** A running guardian must not keep an application alive that has nothing left to do. */
  private holdProcess(hold: boolean): void {
    const pipes = [this.child.stdout, this.child.stderr, this.child.stdin] as unknown as { ref(): void; unref(): void }[];
    for (const handle of [this.child, ...pipes]) {
      if (hold) handle.ref();
      else handle.unref();
    }
  }
}
