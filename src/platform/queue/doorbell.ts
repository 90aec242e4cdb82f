import { InjectQueue } from '@nestjs/bull';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Job, Queue } from 'bull';
import { Config } from '../config/index.js';
import { onceCommitted } from '../database/index.js';
import type { QueueName } from './queue.module.js';

export type Hint = Record<string, string | number>;

// A Redis that is away keeps `add` waiting for ever; more than this many waiting hints are not worth their memory.
const MAX_WAITING = 10_000;

/** Rings the queues. A hint that is lost costs a second of the sweeper's time, never a message. */
@Injectable()
export class Doorbell implements OnModuleInit {
  private readonly logger = new Logger('doorbell');
  private readonly queues: Record<QueueName, Queue<Hint>>;
  private waiting = 0;

  constructor(
    @InjectQueue('planning') planning: Queue<Hint>,
    @InjectQueue('delivery') delivery: Queue<Hint>,
    private readonly config: Config,
    private readonly automatic: boolean,
  ) {
    this.queues = { planning, delivery };
  }

  onModuleInit(): void {
    for (const [name, queue] of Object.entries(this.queues)) {
      queue.on('error', (error: Error) => this.logger.debug(`${name}: ${error.message}`));
    }
  }

  /** Never waits and never fails: whoever rings goes on at once. Heard once what it is about can be seen. */
  ring(queue: QueueName, hints: Hint[]): void {
    onceCommitted(() => this.add(queue, hints));
  }

  private add(queue: QueueName, hints: Hint[]): void {
    if (!this.automatic || hints.length === 0 || this.waiting > MAX_WAITING) return;
    this.waiting += hints.length;
    this.queues[queue]
      .addBulk(hints.map((data) => ({ data })))
      .catch((error: Error) => this.logger.debug(`hint lost: ${error.message}`))
      .finally(() => (this.waiting -= hints.length));
  }

  /** Answers hints with `work`, `concurrency` at a time, on processes that send. */
  answer(queue: QueueName, concurrency: number, work: (hint: Hint) => Promise<void>): void {
    if (!this.automatic || !this.config.sends) return;
    void this.queues[queue].process(concurrency, (job: Job<Hint>) => work(job.data));
  }
}
