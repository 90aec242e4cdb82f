import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ThreadPool } from '../platform/threads/index.js';

// A fit of 50,000 distinct histories takes seconds and 60 MB. The limits are for the fault nobody has thought of: a search that
// never ends must not keep the refresh's transaction open for ever.
const LIMITS = { threads: 1, memoryMb: 512, timeMs: 10 * 60_000 };

/** The thread in which scores are fitted and forecast. One: the fits of a refresh follow each other, and there is one refresh. */
@Injectable()
export class ScoreThreads extends ThreadPool<typeof import('./fit-tasks.js')> implements OnApplicationShutdown {
  constructor() {
    super(new URL('./fit-tasks.js', import.meta.url), LIMITS);
  }

  /** After the loops and jobs have ended. */
  onApplicationShutdown(): Promise<void> {
    return this.close();
  }
}
