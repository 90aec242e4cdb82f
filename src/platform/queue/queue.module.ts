import { BullModule } from '@nestjs/bull';
import { Global, Injectable, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { redisOptions } from './redis-url.js';

const RUN_MS = 250;

/** One cheap connection beside Bull's: answers whether Redis is there, and runs small scripts on state that all processes share. */
@Injectable()
export class SharedRedis implements OnApplicationShutdown {
  private readonly redis: Redis;

  constructor(url: string, private readonly prefix: string) {
    this.redis = new Redis({ ...redisOptions(url), enableOfflineQueue: false, maxRetriesPerRequest: 1, lazyConnect: false });
    // Redis away is a state that health shows, not an event that ends the process.
    this.redis.on('error', () => undefined);
  }

  ping(): Promise<string> {
    return this.redis.ping();
  }

  /** Runs a Lua script on keys under this installation's prefix. @throws where Redis is away or has not answered within 250 ms (it may have run all the same) */
  async run(script: string, keys: string[], args: Array<string | number>): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, fail) => (timer = setTimeout(() => fail(new Error('Redis has not answered in time')), RUN_MS)));
    try {
      return await Promise.race([this.redis.eval(script, keys.length, ...keys.map((key) => `${this.prefix}:${key}`), ...args), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}

/** Queues carry hints only: each names a chunk or a bucket, and Postgres finds whatever Redis forgot. */
export const QUEUES = ['planning', 'delivery'] as const;
export type QueueName = (typeof QUEUES)[number];

@Global()
@Module({})
export class QueueModule {
  static forUrl(url: string, prefix: string): DynamicModule {
    const root = BullModule.forRoot({
      redis: redisOptions(url),
      prefix,
      // A hint is worth one try: what it asked for is found again by the sweeper.
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    });
    const queues = BullModule.registerQueue(...QUEUES.map((name) => ({ name })));
    return {
      module: QueueModule,
      imports: [root, queues],
      providers: [{ provide: SharedRedis, useFactory: () => new SharedRedis(url, prefix) }],
      exports: [queues, SharedRedis],
    };
  }
}
