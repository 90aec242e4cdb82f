import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../config/index.js';

interface Loop {
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  timer?: NodeJS.Timeout;
  running?: Promise<void>;
  readonly left: Set<Promise<void>>;
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
    this.loops.set(name, { name, everyMs, work, left: new Set() });
  }

  /** Runs one round now, with all that it leaves under way; used by tests and by whoever wants to ring the bell instead of waiting. */
  async run(name: string): Promise<void> {
    const loop = this.loops.get(name);
    if (!loop) throw new Error(`there is no loop ${name}`);
    await this.round(loop);
    await Promise.all(loop.left);
  }

  /** What a round leaves under way: the next round does not wait for it, the end of the process does. It must not be rejected. */
  leave(name: string, work: Promise<void>): void {
    const { left } = this.loops.get(name)!;
    left.add(work);
    void work.finally(() => left.delete(work));
  }

  onApplicationBootstrap(): void {
    if (!this.automatic || !this.config.sends) return;
    for (const loop of this.loops.values()) this.schedule(loop, 0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const loop of this.loops.values()) clearTimeout(loop.timer);
    await Promise.allSettled([...this.loops.values()].map((loop) => loop.running));
    await Promise.allSettled([...this.loops.values()].flatMap((loop) => [...loop.left]));
  }

  private async round(loop: Loop): Promise<void> {
    await loop.running;
    loop.running = loop.work().finally(() => (loop.running = undefined));
    await loop.running;
  }

  private schedule(loop: Loop, afterMs: number): void {
    if (this.stopping) return;
    loop.timer = setTimeout(() => {
      this.round(loop)
        .catch((error: Error) => {
          if (!this.stopping) this.logger.error({ err: error, loop: loop.name });
        })
        .finally(() => this.schedule(loop, loop.everyMs));
    }, afterMs);
  }
}
