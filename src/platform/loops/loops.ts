import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../config/index.js';

interface Loop {
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  timer?: NodeJS.Timeout;
  running?: Promise<void>;
}

/**
 * Background work that runs again and again on workers: never overlapping itself, stopped before the databases close. An error
 * is logged and the loop goes on: a loop that died quietly would be the worst fault of all.
 */
@Injectable()
export class Loops implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops = new Map<string, Loop>();
  private readonly logger = new Logger('loops');
  private stopping = false;

  /** @param automatic false in tests, which drive each loop by `run`. */
  constructor(
    private readonly config: Config,
    private readonly automatic: boolean,
  ) {}

  every(name: string, everyMs: number, work: () => Promise<void>): void {
    if (this.loops.has(name)) throw new Error(`two loops are named ${name}`);
    this.loops.set(name, { name, everyMs, work });
  }

  /** Runs one round now; used by tests and by whoever wants to ring the bell instead of waiting. */
  async run(name: string): Promise<void> {
    const loop = this.loops.get(name);
    if (!loop) throw new Error(`there is no loop ${name}`);
    await loop.running;
    loop.running = loop.work().finally(() => (loop.running = undefined));
    await loop.running;
  }

  onApplicationBootstrap(): void {
    if (!this.automatic || !this.config.sends) return;
    for (const loop of this.loops.values()) this.schedule(loop, 0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const loop of this.loops.values()) clearTimeout(loop.timer);
    await Promise.allSettled([...this.loops.values()].map((loop) => loop.running));
  }

  private schedule(loop: Loop, afterMs: number): void {
    if (this.stopping) return;
    loop.timer = setTimeout(() => {
      this.run(loop.name)
        .catch((error: Error) => {
          if (!this.stopping) this.logger.error({ err: error, loop: loop.name });
        })
        .finally(() => this.schedule(loop, loop.everyMs));
    }, afterMs);
  }
}
