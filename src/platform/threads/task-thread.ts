import { Worker } from 'node:worker_threads';
import { receivedError, ThreadError } from './thread-error.js';
import { THREAD_START, threadData, type FromThread, type ToThread } from './thread-start.js';

interface Running {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly timeMs: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: ThreadError) => void;
  timer?: NodeJS.Timeout;
}

/** Loading the tasks of a module takes a tenth of a second, under the tests a second; a thread that takes longer hangs. */
const START_MS = 60_000;

/** One thread with at most one task at a time. A task that does not end in time can only be stopped together with its thread. */
export class TaskThread {
  private readonly worker: Worker;
  private running?: Running | undefined;
  private ready = false;
  private dead = false;

  constructor(module: URL, memoryMb: number) {
    // The flags of the parent are none of its business: a debugger's port would be taken, jest's loader is not for it.
    const options = { eval: true, execArgv: [], workerData: threadData(module), resourceLimits: { maxOldGenerationSizeMb: memoryMb } };
    this.worker = new Worker(THREAD_START, options);
    this.worker.unref();
    this.worker.on('message', (message: FromThread) => this.receive(message));
    this.worker.on('error', (error) => this.end(asThreadError(error, this.running?.task)));
    this.worker.on('exit', (code) => this.end(new ThreadError('crashed', `the thread ended with code ${code} before its task was done`)));
  }

  /** False once the thread has ended. */
  get usable(): boolean {
    return !this.dead;
  }

  /** @throws ThreadError */
  perform(task: string, args: readonly unknown[], timeMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.running = { task, args, timeMs, resolve, reject };
      // While a task runs, its caller waits for the answer: now the thread must keep the process alive.
      this.worker.ref();
      if (this.ready) this.begin(this.running);
      else this.running.timer = this.limit(START_MS, 'was not begun: the thread did not start');
    });
  }

  /** Ends the thread at once; a running task is rejected with the error. */
  async stop(error: ThreadError): Promise<void> {
    this.end(error);
    await this.worker.terminate();
  }

  private begin(running: Running): void {
    const message: ToThread = { task: running.task, args: running.args };
    try {
      this.worker.postMessage(message);
      running.timer = this.limit(running.timeMs, `took longer than ${running.timeMs} ms`);
    } catch (error) {
      // An argument that cannot be cloned: the thread is none the worse for it.
      this.settle(({ reject }) => reject(new ThreadError('failed', `the arguments of ${running.task} cannot be sent`, error)));
    }
  }

  private limit(ms: number, what: string): NodeJS.Timeout {
    return setTimeout(() => void this.stop(new ThreadError('timeout', `the task ${this.running?.task} ${what}`)), ms);
  }

  private receive(message: FromThread): void {
    if (message.kind === 'ready') {
      this.ready = true;
      clearTimeout(this.running?.timer);
      if (this.running) this.begin(this.running);
      return;
    }
    this.settle(({ task, resolve, reject }) => {
      if (message.kind === 'result') return resolve(message.result);
      return reject(new ThreadError('failed', `the task ${task} failed: ${message.error.message}`, receivedError(message.error)));
    });
  }

  private end(error: ThreadError): void {
    this.dead = true;
    this.settle(({ reject }) => reject(error));
  }

  private settle(how: (running: Running) => void): void {
    const running = this.running;
    if (!running) return;
    clearTimeout(running.timer);
    this.running = undefined;
    if (!this.dead) this.worker.unref();
    how(running);
  }
}

function asThreadError(error: Error & { code?: string }, task = 'of a thread'): ThreadError {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') return new ThreadError('memory', `the task ${task} needed more memory than it may have`, error);
  return new ThreadError('crashed', `the thread of the task ${task} broke: ${error.message}`, error);
}
