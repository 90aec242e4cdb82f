import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { migrate } from '../../src/data-source.js';
import { createDatabaseIfMissing } from '../../src/platform/embedded/create-database.js';
import { openDataDir, prepareFolders, type DataDir } from '../../src/platform/embedded/data-dir.js';
import type { GuardedProcess } from '../../src/platform/embedded/guarded-process.js';
import { startPostgres } from '../../src/platform/embedded/guarded-servers.js';
import { postgresBinaries } from '../../src/platform/embedded/postgres-binaries.js';
import { databaseUrl } from '../../src/platform/embedded/postgres-settings.js';
import { serverUser } from '../../src/platform/embedded/server-user.js';

/** How a server process ends: pulled like a plug, or by `pg_ctl -m immediate`. Neither writes a checkpoint. */
export type Crash = 'SIGKILL' | 'SIGQUIT';

/** A Postgres that a test may crash and start again. Without fsync: the machine outlives it, and what was written to it is there. */
export class OwnPostgres {
  private readonly dir: DataDir;
  private server?: GuardedProcess;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'rapport-pg-'));
    // Postgres may run as another user, who has to pass through.
    chmodSync(folder, 0o711);
    this.dir = openDataDir(folder);
  }

  get url(): string {
    return databaseUrl(this.dir);
  }

  /** The first time with an empty, migrated database. @returns milliseconds until it took connections */
  async start(): Promise<number> {
    const began = performance.now();
    const user = serverUser(this.dir.postgres);
    prepareFolders(this.dir, user);
    const order = {
      dir: this.dir, user, binaries: postgresBinaries(user, () => undefined), redisBinary: '', tuning: { fsync: false, sharedBuffers: '64MB' }, ephemeral: true,
    };
    // The processes of a killed server end when they look up from their work; until then its shared memory keeps a new one out.
    for (let tries = 1; ; tries++) {
      try {
        this.server = await startPostgres(order, (server) => (this.server = server));
        break;
      } catch (error) {
        if (tries === 100) throw error;
        await rest(100);
      }
    }
    if (await createDatabaseIfMissing(this.dir)) await migrate(this.url);
    return performance.now() - began;
  }

  async crash(how: Crash): Promise<void> {
    process.kill(this.server!.pid!, how);
    await this.server!.ended;
  }

  async remove(): Promise<void> {
    await this.server?.stop();
    rmSync(this.dir.root, { recursive: true, force: true });
  }
}
