import { TaskThread } from './task-thread.js';
import { ThreadError } from './thread-error.js';

export interface ThreadLimits {
  /** Threads at once; each costs about 10 MB while it lives. */
  readonly threads: number;
  /** Heap of one thread. Buffers and typed arrays lie outside it. */
  readonly memoryMb: number;
  /** Longest time that a task may run, in milliseconds; waiting for a free thread does not count. */
  readonly timeMs: number;
  /** A thread without work for so long is given up, in milliseconds. */
  readonly idleMs?: number;
}

export interface TaskOptions {
  /** Instead of the pool's limit, in milliseconds. */
  readonly timeMs?: number;
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly timeMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Takes the task out of the queue; a signal may outlive many tasks, so it is taken off again. */
  forget(): void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const IDLE_MS = 30_000;

/**
 * Runs the functions of one module in threads, so that the event loop goes on serving. Tasks wait their turn in order. Arguments and
 * results are cloned: plain data, no functions, no classes. Threads start with the first task and do not keep the process alive.
 */
export class ThreadPool<T extends object> {
  private readonly waiting: Waiting[] = [];
  private readonly idle = new Map<TaskThread, NodeJS.Timeout>();
  private readonly busy = new Set<TaskThread>();
  private closed = false;

  /** @param module of the build, `new URL('./….js', import.meta.url)`; under the tests the .ts of that name is meant */
  constructor(
    private readonly module: URL,
    private readonly limits: ThreadLimits,
  ) {}

  /**
   * @param task name of an exported function of the module
   * @throws ThreadError, with what the task threw as its cause
   */
  run<K extends Tasks<T>>(task: K, args: TaskArgs<T[K]>, { timeMs = this.limits.timeMs, signal }: TaskOptions = {}): Promise<TaskResult<T[K]>> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(closedError(task));
      if (signal?.aborted) return reject(cancelledError(task, signal));
      const forget = (): void => this.forget(waiting);
      const waiting: Waiting = { task, args: args as readonly unknown[], timeMs, signal, forget, resolve: resolve as (result: unknown) => void, reject };
      signal?.addEventListener('abort', forget, { once: true });
      this.waiting.push(waiting);
      this.next();
    });
  }

  /** Ends all threads; what is not done is rejected. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { task, reject } of this.waiting.splice(0)) reject(closedError(task));
    for (const timer of this.idle.values()) clearTimeout(timer);
    await Promise.all([...this.idle.keys(), ...this.busy].map((thread) => thread.stop(closedError('of a thread'))));
    this.idle.clear();
  }

  private forget(waiting: Waiting): void {
    const at = this.waiting.indexOf(waiting);
    if (at < 0) return;
    this.waiting.splice(at, 1);
    waiting.reject(cancelledError(waiting.task, waiting.signal!));
  }

  private next(): void {
    if (this.waiting.length === 0) return;
    const thread = this.takeThread();
    if (!thread) return;
    const first = this.waiting.shift()!;
    first.signal?.removeEventListener('abort', first.forget);
    void this.perform(thread, first);
  }

  private takeThread(): TaskThread | undefined {
    const [rested] = this.idle;
    if (!rested) return this.busy.size < this.limits.threads ? new TaskThread(this.module, this.limits.memoryMb) : undefined;
    clearTimeout(rested[1]);
    this.idle.delete(rested[0]);
    return rested[0];
  }

  private async perform(thread: TaskThread, { task, args, timeMs, signal, resolve, reject }: Waiting): Promise<void> {
    this.busy.add(thread);
    const cancel = (): void => void thread.stop(cancelledError(task, signal!));
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      resolve(await thread.perform(task, args, timeMs));
    } catch (error) {
      reject(error);
    }
    signal?.removeEventListener('abort', cancel);
    this.busy.delete(thread);
    this.rest(thread);
    this.next();
  }

  private rest(thread: TaskThread): void {
    if (!thread.usable || this.closed) return;
    const giveUp = (): void => {
      this.idle.delete(thread);
      void thread.stop(closedError('of a thread'));
    };
    this.idle.set(thread, setTimeout(giveUp, this.limits.idleMs ?? IDLE_MS).unref());
  }
}

type Tasks<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T] & string;
type TaskArgs<F> = F extends (...args: infer A) => unknown ? A : never;
type TaskResult<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

function closedError(task: string): ThreadError {
  return new ThreadError('closed', `the pool was closed before the task ${task} was done`);
}

function cancelledError(task: string, signal: AbortSignal): ThreadError {
  return new ThreadError('cancelled', `the task ${task} was cancelled`, signal.reason);
}
