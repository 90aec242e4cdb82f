import type { DynamicModule, Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import supertest from 'supertest';
import type TestAgent from 'supertest/lib/agent.js';
import { createHttpApp } from '../../src/http-app.js';
import { KeyRing, type Scope } from '../../src/platform/auth/index.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { ApiDatabase } from '../../src/platform/database/index.js';
import { Jobs } from '../../src/platform/jobs/index.js';
import { Loops } from '../../src/platform/loops/index.js';
import { SystemRandom } from '../../src/platform/random/index.js';
import { FakeClock } from './fake-clock.js';
import { createTestDatabase } from './test-database.js';
import { testRedis } from './test-redis.js';

export interface TestAppOptions {
  /** Only these modules above the platform; default all. */
  modules?: Array<Type | DynamicModule>;
  /** Environment on top of the defaults. */
  env?: Record<string, string>;
  clock?: FakeClock;
  /** Loops and queues run by themselves, as in production. Default: only when driven. */
  automatic?: boolean;
  /** Another process's database instead of one of its own. */
  databaseUrl?: string;
  /** A Redis of the test's own, which it may end. */
  redisUrl?: string;
}

export interface TestApp {
  app: NestExpressApplication;
  /** supertest agent without a key: `http.get('/v1/…').set(auth(keys.marketer))`. */
  http: TestAgent;
  url: string;
  databaseUrl: string;
  adminKey: string;
  keys: Record<Exclude<Scope, 'admin'>, string>;
  db: ApiDatabase;
  clock: FakeClock;
  /** Of all its keys in Redis. */
  redisPrefix: string;
  /** Runs one round of a background loop. */
  loop(name: string): Promise<void>;
  /** Runs queued jobs to their end and answers how the named one ended. */
  job(id: string): Promise<{ status: string; result?: unknown; error?: string }>;
  close(): Promise<void>;
}

const ADMIN_KEY = 'test-admin-key-0123456789';

/** A whole application on a database of its own, listening on a free loopback port. */
export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = options.databaseUrl ? { url: options.databaseUrl, drop: async () => undefined } : await createTestDatabase();
  const redis = options.redisUrl ? { url: options.redisUrl, prefix: 'rapport' } : testRedis();
  const clock = options.clock ?? new FakeClock();
  const config = loadConfig({ ADMIN_API_KEY: ADMIN_KEY, DATABASE_URL: 'postgres://unused/db', REDIS_URL: redis.url, ...options.env });
  const app = await createHttpApp({
    config, clock, random: new SystemRandom(), databaseUrl: database.url, redisUrl: redis.url, redisPrefix: redis.prefix,
    automatic: options.automatic ?? false, ...(options.modules ? { rooms: options.modules } : {}),
  }, process.env.TEST_LOG ? ['error', 'warn'] as never : false);
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as { port: number }).port}`;
  const ring = app.get(KeyRing);
  const key = async (scope: Scope): Promise<string> => (await ring.create(`test ${scope}`, scope)).key;
  const loop = (name: string): Promise<void> => app.get(Loops).run(name);
  return {
    app, url, clock, loop,
    http: supertest.agent(url) as never,
    databaseUrl: database.url,
    redisPrefix: redis.prefix,
    adminKey: ADMIN_KEY,
    keys: { marketer: await key('marketer'), analyst: await key('analyst'), ingest: await key('ingest'), app: await key('app') },
    db: app.get(ApiDatabase),
    job: async (id) => {
      await loop('jobs');
      return app.get(Jobs).find(id);
    },
    close: async () => {
      await app.close();
      await database.drop();
    },
  };
}

/** The header that carries a key. */
export function auth(key: string): { Authorization: string } {
  return { Authorization: `Bearer ${key}` };
}
