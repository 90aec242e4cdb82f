import { getQueueToken } from '@nestjs/bull';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { AuthModule, ScopesGuard } from './auth/index.js';
import { Clock } from './clock/index.js';
import { Config } from './config/index.js';
import { DatabaseModule } from './database/index.js';
import { ProblemFilter } from './errors/index.js';
import { FastPath } from './fast-path/index.js';
import { HealthController, Shutdown } from './health/index.js';
import { IdempotencyInterceptor, IdempotencySweep, RequestInterceptor, validationPipe } from './http/index.js';
import { JobsModule } from './jobs/index.js';
import { Loops } from './loops/index.js';
import { Doorbell, QueueModule } from './queue/index.js';
import { Random } from './random/index.js';
import { Metrics, MetricsController } from './telemetry/index.js';

export interface PlatformOptions {
  config: Config;
  clock: Clock;
  random: Random;
  databaseUrl: string;
  redisUrl: string;
  /** Prefix of every Redis key; another one for each database that shares a Redis. */
  redisPrefix: string;
  /** false: loops and queues stand still until a test drives them. */
  automatic: boolean;
}

/** Everything below the business: what each module may inject without importing anything. */
@Global()
@Module({})
export class PlatformModule {
  static with(options: PlatformOptions): DynamicModule {
    const { config, clock, random, automatic } = options;
    const shared = [
      { provide: Config, useValue: config },
      { provide: Clock, useValue: clock },
      { provide: Random, useValue: random },
      { provide: Loops, useFactory: () => new Loops(config, automatic) },
      Metrics,
    ];
    const doorbell = {
      provide: Doorbell,
      inject: [getQueueToken('planning'), getQueueToken('delivery')],
      useFactory: (planning: never, delivery: never) => new Doorbell(planning, delivery, config, automatic),
    };
    return {
      module: PlatformModule,
      imports: [
        DatabaseModule.forUrl(options.databaseUrl), QueueModule.forUrl(options.redisUrl, options.redisPrefix), AuthModule, JobsModule,
      ],
      controllers: [HealthController, MetricsController],
      providers: [...shared, doorbell, Shutdown, IdempotencySweep, ...HTTP],
      exports: [...shared.map((p) => (typeof p === 'function' ? p : p.provide)), Doorbell, FastPath],
    };
  }
}

/** In this order: who are you (guard), what did you say and have you said it before (interceptor), is it valid (pipe). */
const HTTP = [
  IdempotencyInterceptor,
  { provide: APP_GUARD, useClass: ScopesGuard },
  { provide: APP_INTERCEPTOR, useClass: RequestInterceptor },
  { provide: APP_PIPE, useFactory: validationPipe },
  ProblemFilter,
  { provide: APP_FILTER, useExisting: ProblemFilter },
  FastPath,
];
