import { afterEach, describe, expect, it } from '@jest/globals';
import { threadId } from 'node:worker_threads';
import { ThreadError, ThreadPool } from '../../../src/platform/threads/index.js';

const pools: { close(): Promise<void> }[] = [];

function poolOf(limits = {}): ThreadPool<typeof import('./tasks.js')> {
  const pool = new ThreadPool<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url), { threads: 1, memoryMb: 64, timeMs: 20_000, ...limits });
  pools.push(pool);
  return pool;
}

async function failureOf(result: Promise<unknown>): Promise<ThreadError> {
  const error = await result.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ThreadError);
  return error as ThreadError;
}

afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

describe('thread pool', () => {
  it('runs a task of a TypeScript module in another thread and keeps the thread for the next', async () => {
    const pool = poolOf();
    expect(await pool.run('add', [1, 2])).toBe(3);
    const first = await pool.run('whoAmI', []);
    expect(first).not.toBe(threadId);
    expect(await pool.run('whoAmI', [])).toBe(first);
  });

  it('never runs more threads than it may: two tasks at once share one', async () => {
    const pool = poolOf();
    const [one, two] = await Promise.all([pool.run('whoAmI', []), pool.run('whoAmI', [])]);
    expect(one).toBe(two);
    const wide = poolOf({ threads: 2 });
    const [three, four] = await Promise.all([wide.run('whoAmI', []), wide.run('whoAmI', [])]);
    expect(three).not.toBe(four);
  });

  it('stops an endless task at its time limit and serves the next from a new thread', async () => {
    const pool = poolOf();
    const before = await pool.run('whoAmI', []);
    const failure = await failureOf(pool.run('spin', [], { timeMs: 50 }));
    expect(failure.reason).toBe('timeout');
    expect(failure.message).toBe('the task spin took longer than 50 ms');
    expect(await pool.run('whoAmI', [])).not.toBe(before);
  });

  it('counts the time of the task alone: loading the module is not part of it', async () => {
    expect(await poolOf().run('add', [1, 1], { timeMs: 100 })).toBe(2);
  });

  it('stops a task at its memory limit and lives on', async () => {
    const pool = poolOf({ memoryMb: 32 });
    expect((await failureOf(pool.run('hoard', []))).reason).toBe('memory');
    expect(await pool.run('add', [2, 2])).toBe(4);
  });

  it('hands back what a task threw as the cause: name, message, fields, stack and the cause behind it', async () => {
    const pool = poolOf();
    const failure = await failureOf(pool.run('refuse', []));
    expect(failure.reason).toBe('failed');
    expect(failure.message).toBe('the task refuse failed: too large');
    expect(failure.cause).toMatchObject({ name: 'RangeError', message: 'too large', code: 'E_LARGE', at: [1, 2], cause: { message: 'the disk is full' } });
    expect((failure.cause as Error).stack).toContain('tasks.ts');
    expect(await pool.run('add', [1, 1])).toBe(2);
  });

  it('tells a thread that ended from a task that failed', async () => {
    const pool = poolOf();
    expect((await failureOf(pool.run('leave', []))).reason).toBe('crashed');
    expect(await pool.run('add', [1, 1])).toBe(2);
  });

  it('says that a module cannot be loaded', async () => {
    const pool = new ThreadPool<{ any(): void }>(new URL('./nowhere.js', import.meta.url), { threads: 1, memoryMb: 64, timeMs: 1_000 });
    pools.push(pool);
    const failure = await failureOf(pool.run('any', []));
    expect(failure.reason).toBe('crashed');
    expect(failure.message).toContain('nowhere.ts');
  });

  it('refuses arguments that cannot be sent and keeps the thread', async () => {
    const pool = poolOf();
    const before = await pool.run('whoAmI', []);
    const failure = await failureOf(pool.run('add', [1, (() => 1) as unknown as number]));
    expect(failure.reason).toBe('failed');
    expect(await pool.run('whoAmI', [])).toBe(before);
  });

  it('cancels a running task, one that waits and one that was cancelled before it was given', async () => {
    const pool = poolOf();
    await pool.run('whoAmI', []);
    const [first, second] = [new AbortController(), new AbortController()];
    const [running, waiting] = [failureOf(pool.run('spin', [], { signal: first.signal })), failureOf(pool.run('spin', [], { signal: second.signal }))];
    second.abort(new Error('no longer wanted'));
    expect(await waiting).toMatchObject({ reason: 'cancelled', cause: { message: 'no longer wanted' } });
    first.abort();
    expect((await running).reason).toBe('cancelled');
    expect((await failureOf(pool.run('add', [1, 1], { signal: first.signal }))).reason).toBe('cancelled');
    expect(await pool.run('add', [1, 1])).toBe(2);
  });

  it('rejects what is not done when it is closed, and whatever comes after', async () => {
    const pool = poolOf();
    await pool.run('whoAmI', []);
    const [running, waiting] = [failureOf(pool.run('spin', [])), failureOf(pool.run('spin', []))];
    await pool.close();
    expect([(await running).reason, (await waiting).reason]).toEqual(['closed', 'closed']);
    expect((await failureOf(pool.run('add', [1, 1]))).reason).toBe('closed');
  });
});
