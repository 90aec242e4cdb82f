import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../clock/index.js';
import { sqlFile, WorkerDatabase } from '../database/index.js';
import { Loops } from '../loops/index.js';

const deleteOld = sqlFile<{ now: Date | null; limit: number }, { deleted: number }>(import.meta.url, './sql/delete-old-idempotency-keys.sql');

const SWEEP_MS = 60_000;
const AT_ONCE = 1_000;

/** Deletes kept answers after the 24 h for which they are promised: they quote what people wrote. */
@Injectable()
export class IdempotencySweep implements OnModuleInit {
  constructor(
    private readonly database: WorkerDatabase,
    private readonly clock: Clock,
    private readonly loops: Loops,
  ) {}

  onModuleInit(): void {
    this.loops.every('idempotency-keys', SWEEP_MS, async () => {
      while ((await this.database.query(deleteOld, { now: this.clock.forSql(), limit: AT_ONCE })).length === AT_ONCE);
    });
  }
}
