import { Injectable } from '@nestjs/common';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';

export interface EngineState {
  stopped: boolean;
  stoppedAt: Date | null;
  reason: string | null;
}

const stop = sqlFile<{ reason: string }, EngineState>(import.meta.url, './sql/stop-engine.sql');
const start = sqlFile<object, EngineState>(import.meta.url, './sql/start-engine.sql');

/** The kill switch: every claim of every worker reads it. */
@Injectable()
export class Engine {
  constructor(private readonly database: ApiDatabase) {}

  async stop(reason: string): Promise<EngineState> {
    return (await this.database.query(stop, { reason }))[0]!;
  }

  async start(): Promise<EngineState> {
    return (await this.database.query(start, {}))[0]!;
  }
}
