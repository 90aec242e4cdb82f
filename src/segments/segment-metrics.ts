import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { WorkerDatabase } from '../platform/database/index.js';
import { Metrics } from '../platform/telemetry/index.js';
import { segmentSql } from './segment-store.js';

/** Whether stored membership is what the rules say, and how far behind it is. */
@Injectable()
export class SegmentMetrics implements OnModuleInit {
  constructor(
    private readonly database: WorkerDatabase,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const measure = async () => (await this.database.query(segmentSql.measure, { now: this.clock.forSql() }))[0]!;
    this.metrics.gauge('segment_drift', 'Memberships that the last comparison of each segment with its rule found wrong; must be 0', async () => (await measure()).drift);
    this.metrics.gauge('segment_lag_seconds', 'Age of the stored membership of the dynamic segment that is furthest behind', async () => (await measure()).lag);
  }
}
