import type { Response } from 'supertest';
import { EventsModule } from '../../src/events/index.js';
import { RecipientsModule } from '../../src/recipients/index.js';
import { SettingsModule } from '../../src/settings/index.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

/** The rooms of these tests: whoever is written to, and what they do. */
export function startRecipients(): Promise<TestApp> {
  return startTestApp({ modules: [SettingsModule, RecipientsModule, EventsModule] });
}

export type Method = 'get' | 'put' | 'post' | 'patch' | 'delete';
export type Answer = Pick<Response, 'status' | 'body' | 'headers'>;

/** Requests with a key of the given scope, as short as a test should be. */
export function callerOf(app: TestApp, scope: 'admin' | 'marketer' | 'analyst' | 'ingest' | 'app', headers: Record<string, string> = {}) {
  const key = scope === 'admin' ? app.adminKey : app.keys[scope];
  return async (method: Method, path: string, body?: object): Promise<Answer> => {
    const request = app.http[method](path).set({ ...auth(key), ...headers });
    return (await (body === undefined ? request : request.send(body))) as Answer;
  };
}

/** An app key that speaks for a user. */
export async function appOf(app: TestApp, userId: string) {
  const minted = await callerOf(app, 'ingest')('post', `/v1/users/${encodeURIComponent(userId)}/token`, {});
  return callerOf(app, 'app', { 'X-User-Token': minted.body.token });
}

/** The paths that a 400 names. */
export function pathsOf(answer: Answer): string[] {
  expect(answer.status).toBe(400);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  return (answer.body.errors ?? []).map((error: { path: string }) => error.path);
}

/**
 * Deadlocks that PostgreSQL has broken in this database so far. The retry of transactions hides them from the answers, but not
 * the second that each costs. Connections report when they are idle for a moment, so each one of the pool is asked to.
 */
export async function deadlocksOf(app: TestApp): Promise<number> {
  await Promise.all(Array.from({ length: 10 }, () => app.db.raw('select pg_stat_force_next_flush(), pg_sleep(0.05)')));
  const [row] = await app.db.raw<{ n: number }>('select deadlocks::int as n from pg_stat_database where datname = current_database()');
  return row!.n;
}
