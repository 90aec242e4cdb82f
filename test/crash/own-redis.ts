import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findRedis } from '../../src/platform/embedded/index.js';

/** A Redis that a test may wipe, end and start again. Keeps nothing on disk: gone is gone. */
export class OwnRedis {
  private readonly folder = mkdtempSync(join(tmpdir(), 'rapport-redis-'));
  private readonly socket = join(this.folder, 'redis.sock');
  private child?: ChildProcess;

  get url(): string {
    return `unix://${this.socket}`;
  }

  async start(): Promise<void> {
    const child = spawn(findRedis(), ['--port', '0', '--unixsocket', this.socket, '--save', '', '--appendonly', 'no'], { stdio: 'ignore', cwd: this.folder });
    this.child = child;
    for (let tries = 0; (await this.command('ping').catch(() => '')) !== 'PONG'; tries++) {
      if (tries > 200) throw new Error('redis did not come up');
      await rest(25);
    }
  }

  async command(name: string, ...args: string[]): Promise<unknown> {
    const client = new Redis({ path: this.socket, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  /** SHUTDOWN NOSAVE, as abruptly as it gets. */
  async stop(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
