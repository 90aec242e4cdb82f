import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { EventsModule, IngestHooks } from '../../src/events/index.js';
import { ImportsModule } from '../../src/imports/index.js';
import { RecipientsModule } from '../../src/recipients/index.js';
import { ScoringModule } from '../../src/scoring/index.js';
import { SegmentsModule } from '../../src/segments/index.js';
import { SettingsModule } from '../../src/settings/index.js';
import { callerOf } from '../recipients/start.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const DAY = 86_400_000;
const DATA_DIR = mkdtempSync(join(tmpdir(), 'rapport-broken-imports-'));
const FILES = join(DATA_DIR, 'imports');
let app: TestApp;
let ingest: ReturnType<typeof callerOf>;
/** The name of an event at which storing fails, and how: as a fault of ours would, or as the driver says it. */
let poison = '';
let fault = new Error('poisoned');

beforeAll(async () => {
  app = await startTestApp({
    modules: [SettingsModule, RecipientsModule, EventsModule, ScoringModule, SegmentsModule, ImportsModule], env: { DATA_DIR },
  });
  ingest = callerOf(app, 'ingest');
  app.app.get(IngestHooks).register(async (_tx, accepted) => {
    if (accepted.some(({ name }) => name === poison)) throw fault;
  });
});
afterAll(async () => {
  await app.close();
  rmSync(DATA_DIR, { recursive: true, force: true });
});

const announce = async (): Promise<string> => (await ingest('post', '/v1/imports', { type: 'events', format: 'ndjson' })).body.id;
const find = async (id: string) => (await ingest('get', `/v1/imports/${id}`)).body;
const upload = (id: string, text: string) => app.http.put(`/v1/imports/${id}/file`).set({ ...auth(app.keys.ingest), 'content-type': 'application/x-ndjson' }).send(Buffer.from(text) as never);
const event = (i: number, user: string, name = 'view'): string => JSON.stringify({ eventId: `${user}${i}`, userId: user, name, occurredAt: '2026-01-05T00:00:00Z' });
const partsOf = (id: string): string[] => readdirSync(FILES).filter((name) => name.startsWith(`${id}.`) || name === id);

async function until(what: string, done: () => boolean): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    if (tries > 400) throw new Error(`never: ${what}`);
    await rest(25);
  }
}

describe('an import that failed by a fault of ours', () => {
  it('goes on behind its last stored row when it is resumed, as often as it takes', async () => {
    const id = await announce();
    await upload(id, Array.from({ length: 3_000 }, (_, i) => event(i, 'resumed', i === 1_500 || i === 2_500 ? 'bad' : 'view')).join('\n'));
    poison = 'bad';
    await app.loop('imports');
    expect(await find(id)).toMatchObject({ status: 'failed', accepted: 1_000, error: expect.stringContaining('server log') });
    expect((await ingest('post', `/v1/imports/${id}/resume`)).body).toMatchObject({ status: 'queued', accepted: 1_000 });
    await app.loop('imports');
    expect(await find(id)).toMatchObject({ status: 'failed', accepted: 1_000 });
    poison = '';
    const resumed = await ingest('post', `/v1/imports/${id}/resume`);
    expect([resumed.status, resumed.body.error]).toEqual([202, undefined]);
    await app.loop('imports');
    expect(await find(id)).toMatchObject({ status: 'done', accepted: 3_000, duplicates: 0, rejected: 0 });
    expect(await app.db.raw(`select count(*)::int as n from events e join users u on u.id = e.user_id where u.user_id = 'resumed'`)).toEqual([{ n: 3_000 }]);
    expect((await ingest('post', `/v1/imports/${id}/resume`)).status).toBe(409);
  });
});

describe('an import that finds no database', () => {
  it.each([
    ['no connection left', Object.assign(new Error('sorry, too many clients already'), { code: '53300' })],
    ['nobody listening', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    ['no connection in time', new Error('timeout exceeded when trying to connect')],
  ])('(%s) is not failed: it waits and goes on by itself behind its last stored row', async (what, unavailable) => {
    const id = await announce();
    await upload(id, Array.from({ length: 2_500 }, (_, i) => event(i, what, i === 1_500 ? 'bad' : 'view')).join('\n'));
    [poison, fault] = ['bad', unavailable];
    await app.loop('imports');
    expect(await find(id)).toMatchObject({ status: 'queued', accepted: 1_000 });
    [poison, fault] = ['', new Error('poisoned')];
    await app.loop('imports');
    expect(await find(id)).toMatchObject({ status: 'done', accepted: 2_500, duplicates: 0, rejected: 0 });
  });
});

describe('an upload whose client hangs up half-way', () => {
  it('leaves nothing on disk and nothing stored, and the same import takes the file again', async () => {
    const id = await announce();
    const half = request(`${app.url}/v1/imports/${id}/file`, {
      method: 'PUT', headers: { ...auth(app.keys.ingest), 'content-type': 'application/x-ndjson', 'content-length': '1000000' },
    });
    half.on('error', () => undefined);
    half.write(`${event(1, 'cut')}\n`);
    await until('the first bytes are on disk', () => partsOf(id).length === 1);
    half.destroy();
    await until('the part is removed', () => partsOf(id).length === 0);
    await app.loop('imports');
    expect(await find(id)).toMatchObject({ status: 'waiting', accepted: 0, progress: 0 });
    expect((await upload(id, event(1, 'cut'))).status).toBe(202);
    await app.loop('imports');
    expect(await find(id)).toMatchObject({ status: 'done', accepted: 1 });
  });
});

describe('files that were never finished', () => {
  it('are kept for 7 days and then deleted, parts of broken uploads too; their imports say so', async () => {
    const id = await announce();
    await upload(id, `${event(1, 'swept', 'bad')}\n`);
    poison = 'bad';
    await app.loop('imports');
    poison = '';
    expect(await find(id)).toMatchObject({ status: 'failed' });
    writeFileSync(join(FILES, '77.left.part'), 'x');
    const aged = (ms: number): void => {
      const at = new Date(app.clock.now().getTime() - ms);
      for (const name of [id, '77.left.part']) utimesSync(join(FILES, name), at, at);
    };
    aged(7 * DAY - 1_000);
    await app.loop('import-files');
    expect(readdirSync(FILES).sort()).toEqual([id, '77.left.part'].sort());
    aged(7 * DAY + 1_000);
    await app.loop('import-files');
    expect(readdirSync(FILES)).toEqual([]);
    const refused = await ingest('post', `/v1/imports/${id}/resume`);
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('The file is gone')]);
  });

  it('a file that vanished before its job began fails the job and says what to look at', async () => {
    const id = await announce();
    await upload(id, event(1, 'vanished'));
    rmSync(join(FILES, id));
    await app.loop('imports');
    expect(await find(id)).toMatchObject({ status: 'failed', error: expect.stringContaining('the same DATA_DIR') });
  });
});
