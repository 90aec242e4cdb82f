import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { sqlFile, WorkerDatabase } from '../platform/database/index.js';
import { Loops } from '../platform/loops/index.js';
import { Metrics } from '../platform/telemetry/index.js';

interface Measures {
  imbalance: number;
  unknown: number;
  /** Seconds; null: nothing waits. */
  oldestDue: number | null;
}

const measure = sqlFile<{ now: Date | null }, Measures>(import.meta.url, './sql/measure-ledger.sql');

// It walks the rows of open runs: once a minute whoever scrapes, not once for every scrape.
const MEASURE_MS = 60_000;

/** Whether the ledger adds up and whether anything lies about. Measured on workers; NaN where this process has not measured. */
@Injectable()
export class LedgerMetrics implements OnModuleInit {
  private latest: Measures = { imbalance: NaN, unknown: NaN, oldestDue: NaN };

  constructor(
    private readonly database: WorkerDatabase,
    private readonly clock: Clock,
    private readonly loops: Loops,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.metrics.gauge('ledger_imbalance', 'Rows of the ledger that no figure counts or that are open in a closed run; must be 0', async () => this.latest.imbalance);
    this.metrics.gauge('unknown_open', 'Messages of which nobody knows whether they arrived', async () => this.latest.unknown);
    this.metrics.gauge('oldest_due_seconds', 'Age of the oldest wave or chunk that is due and waits', async () => this.latest.oldestDue ?? 0);
    this.loops.every('ledger-metrics', MEASURE_MS, async () => {
      const [row] = await this.database.query(measure, { now: this.clock.forSql() });
      this.latest = row!;
    });
  }
}
