import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { EventsModule, IngestHooks, type AcceptedEvent } from '../../src/events/index.js';
import { ImportsModule } from '../../src/imports/index.js';
import { armFaults } from '../../src/platform/failpoints/index.js';
import { RecipientsModule } from '../../src/recipients/index.js';
import { ScoringModule } from '../../src/scoring/index.js';
import { SegmentsModule } from '../../src/segments/index.js';
import { SettingsModule } from '../../src/settings/index.js';
import { callerOf, pathsOf } from '../recipients/start.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const DATA_DIR = mkdtempSync(join(tmpdir(), 'rapport-imports-'));
let app: TestApp;
let ingest: ReturnType<typeof callerOf>;
const hooked: AcceptedEvent[] = [];

beforeAll(async () => {
  app = await startTestApp({
    modules: [SettingsModule, RecipientsModule, EventsModule, ScoringModule, SegmentsModule, ImportsModule], env: { DATA_DIR },
  });
  ingest = callerOf(app, 'ingest');
  app.app.get(IngestHooks).register(async (_tx, accepted) => void hooked.push(...accepted));
});
afterEach(() => armFaults([]));
afterAll(async () => {
  await app.close();
  rmSync(DATA_DIR, { recursive: true, force: true });
});

interface Told {
  id: string;
  status: string;
  accepted: number;
  duplicates: number;
  rejected: number;
  error?: string;
}

async function announce(body: object): Promise<string> {
  const made = await ingest('post', '/v1/imports', body);
  expect(made).toMatchObject({ status: 201, body: { status: 'waiting', progress: 0, accepted: 0 } });
  return made.body.id;
}

const upload = (id: string, file: string | Buffer, type = 'text/csv', more: Record<string, string> = {}) =>
  app.http.put(`/v1/imports/${id}/file`).set({ ...auth(app.keys.ingest), 'content-type': type, ...more })
    .send((Buffer.isBuffer(file) ? file : Buffer.from(file)) as never);

const find = async (id: string): Promise<Told> => (await ingest('get', `/v1/imports/${id}`)).body;

/** Announces, uploads and runs to the end. */
async function load(body: object, file: string | Buffer): Promise<Told> {
  const id = await announce(body);
  expect((await upload(id, file)).status).toBe(202);
  await app.loop('imports');
  return find(id);
}

async function rejections(id: string): Promise<string[]> {
  const answer = await app.http.get(`/v1/imports/${id}/rejected`).set(auth(app.keys.ingest));
  expect(answer.headers['content-type']).toMatch(/^text\/csv/);
  const [header, ...lines] = answer.text.trimEnd().split('\n');
  expect(header).toBe('line,path,message');
  return lines;
}

const countOf = async (sql: string): Promise<number> => (await app.db.raw<{ n: number }>(`select count(*)::int as n ${sql}`))[0]!.n;

describe('an import of users', () => {
  it('stores profiles, typed attributes and tokens, and lists each bad row with its line', async () => {
    const file = [
      'userId,email,timezone,attributes.plan,attributes.age:number,token,platform',
      'ann,ann@example.com,Europe/Berlin,gold,41,tok-ann,android',
      'bob,no address,,,,,', 'cem,,,,old,,', '"dan ""D"", the', 'second line",dan@example.com,,,,,', 'eva,,', '',
      'fay,,Mars/Base,,,,', '=1+1,,,7,,,',
    ].join('\r\n');
    const told = await load({ type: 'users', format: 'csv' }, file);
    expect(told).toMatchObject({ status: 'done', progress: 1, accepted: 3, duplicates: 0, rejected: 4 });
    expect(await rejections(told.id)).toEqual([
      '3,email,must be a mail address', '4,attributes.age,must be a number', '7,,has 3 cells where the header has 7',
      '9,timezone,must be an IANA time zone such as Europe/Berlin',
    ]);
    const rows = await app.db.raw(`select u.user_id, u.email, u.zone, u.attributes, d.token from users u left join devices d on d.user_id = u.id where u.user_id in ('ann', '=1+1') order by 1`);
    expect(rows).toEqual([
      { user_id: '=1+1', email: null, zone: null, attributes: { plan: '7' }, token: null },
      { user_id: 'ann', email: 'ann@example.com', zone: 'Europe/Berlin', attributes: { plan: 'gold', age: 41 }, token: 'tok-ann' },
    ]);
    expect(await countOf(`from users where user_id = 'dan "D", the\r\nsecond line'`)).toBe(1);
    expect((await ingest('get', `/v1/jobs/${told.id}`)).body).toMatchObject({ type: 'import', status: 'done', result: { accepted: 3, duplicates: 0, rejected: 4 } });
  });

  it('deletes the file when it is done', () => expect(readdirSync(join(DATA_DIR, 'imports'))).toEqual([]));

  it('a stray quote costs its own line, not the rest of the file', async () => {
    const told = await load({ type: 'users', format: 'csv' }, 'userId,locale\nq1,"de\nq2,fr\nq3,"it"x\nq4,en\n');
    expect(told).toMatchObject({ status: 'done', accepted: 2, rejected: 2 });
    expect((await rejections(told.id)).map((line) => line.split(',')[0])).toEqual(['2', '4']);
  });

  it('hostile text is refused row by row and never fails the job', async () => {
    const deep = `{"userId":"deep","attributes":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`;
    const lines = [
      '{"userId":"nul\\u0000"}', '{"userId":"ok","attributes":{"__proto__":{"admin":true}}}', deep, 'null', '[]', '{"userId":"\\ud800"}',
      '{"userId":"h1","attributes":{"n":1e999}}', `{"userId":"long","x":"${'y'.repeat(2_000_000)}"}`, '{"userId":"h2"', '{"userId":"good"}',
      '{"userId":"x","=cmd()":1}',
    ];
    const told = await load({ type: 'users', format: 'ndjson' }, Buffer.concat([Buffer.from(lines.join('\n')), Buffer.from('\n{"userId":"latin \xe9"}\n', 'latin1')]));
    expect(told).toMatchObject({ status: 'done', accepted: 1, rejected: 11 });
    const why = await rejections(told.id);
    expect(why.map((line) => Number(line.split(',')[0]))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12]);
    expect(why[9]).toMatch(/^11,'=cmd\(\)/);
  });
});

describe('an import of events and transactions', () => {
  it('counts each once however often it is sent, is marked as imported, and keeps raw only what is young enough', async () => {
    hooked.length = 0;
    const file = 'order;customer;when;total\n1;olga;2026-02-01;10.50\n2;olga;1997-05-06 10:00;20\n1;olga;2026-02-01;99\n3;olga;2026-02-02;ten\n4;olga;not a day;1\n5;olga;2026-02-03;\n';
    const body = { type: 'transactions', format: 'csv', columns: { user: 'customer', time: 'when', value: 'total', id: 'order' } };
    const told = await load(body, file);
    expect(told).toMatchObject({ status: 'done', accepted: 2, duplicates: 1, rejected: 3 });
    expect((await rejections(told.id)).map((line) => line.split(',').slice(0, 2).join(' '))).toEqual(['5 value', '6 time', '7 value']);
    expect(await load(body, gzipSync(file))).toMatchObject({ accepted: 0, duplicates: 3, rejected: 3 });
    expect(hooked.map(({ imported }) => imported)).toEqual([true, true]);
    expect(await app.db.raw(`select e.event_id, e.imported, e.name from events e join users u on u.id = e.user_id where u.user_id = 'olga'`))
      .toEqual([{ event_id: '1', imported: true, name: 'purchase' }]);
    expect(await app.db.raw(`select d.day::text, d.sum::text from user_event_days d join users u on u.id = d.user_id where u.user_id = 'olga' order by 1`))
      .toEqual([{ day: '1997-05-06', sum: '20' }, { day: '2026-02-01', sum: '10.5' }]);
  });

  it('transactions without ids count once however often the same file is sent', async () => {
    const file = 'user,time,value\npia,20260101,1\npia,20260101,1\n';
    expect(await load({ type: 'transactions', format: 'csv' }, file)).toMatchObject({ accepted: 2, duplicates: 0 });
    expect(await load({ type: 'transactions', format: 'csv' }, file)).toMatchObject({ accepted: 0, duplicates: 2 });
  });

  it.each(['import.batch-stored', 'committing/advance-import', 'committed/advance-import'])(
    'goes on after a fault at %s and takes each row once', async (point) => {
      const user = createHash('md5').update(point).digest('hex');
      const rows = Array.from({ length: 3_500 }, (_, i) => JSON.stringify(
        i % 1_000 === 7 ? { eventId: `${i}` } : { eventId: `${i}`, userId: user, name: 'view', occurredAt: '2026-01-05T00:00:00Z', value: 1 }));
      const id = await announce({ type: 'events', format: 'ndjson' });
      await upload(id, rows.join('\n'), 'application/x-ndjson');
      armFaults([{ name: point, nth: 2, action: 'throw' }]);
      await app.loop('imports');
      armFaults([]);
      expect(await find(id)).toMatchObject({ status: 'queued' });
      expect((await find(id)).accepted).toBeLessThan(2_500);
      await app.loop('imports');
      expect(await find(id)).toMatchObject({ status: 'done', accepted: 3_496, duplicates: 0, rejected: 4 });
      expect((await rejections(id)).map((line) => Number(line.split(',')[0]))).toEqual([8, 1_008, 2_008, 3_008]);
      expect(await app.db.raw(`select d.count, d.sum::text from user_event_days d join users u on u.id = d.user_id where u.user_id = '${user}'`)).toEqual([{ count: 3_496, sum: '3496' }]);
    });
});

describe('an import of static members and of suppressions', () => {
  it('puts known users on the list as imported, which triggers nothing, and names the strangers', async () => {
    await ingest('post', '/v1/users/batch', { users: [{ userId: 'm1' }, { userId: 'm2' }] });
    await callerOf(app, 'marketer')('post', '/v1/segments', { key: 'vips', name: 'VIPs', static: true });
    const told = await load({ type: 'segment-members', format: 'csv', segment: 'vips' }, 'userId\nm1\nm1\nnobody\nm2\n');
    expect(told).toMatchObject({ status: 'done', accepted: 2, duplicates: 1, rejected: 1, segment: 'vips' });
    expect(await rejections(told.id)).toEqual(['4,userId,there is no such user']);
    expect(await app.db.raw(`select distinct cause from segment_changes c join segments s on s.id = c.segment_id where s.key = 'vips'`)).toEqual([{ cause: 'imported' }]);
    expect((await callerOf(app, 'marketer')('get', '/v1/segments/vips')).body).toMatchObject({ size: 2 });
  });

  it('suppresses addresses, keeps who was erased', async () => {
    const told = await load({ type: 'suppressions', format: 'csv' }, 'email,reason\na@x.example,bounced\nA@x.example,\nb@x.example,erased\nno,\n');
    expect(told).toMatchObject({ status: 'done', accepted: 1, duplicates: 1, rejected: 2 });
    expect((await ingest('get', '/v1/suppressions?email=a@x.example')).body.data).toMatchObject([{ email: 'A@x.example', reason: 'imported' }]);
  });
});

describe('what is wrong with a whole import is said', () => {
  it.each([
    [{}, ['format', 'type']], [{ type: 'users', format: 'csv', surprise: 1 }, ['surprise']],
    [{ type: 'segment-members', format: 'csv' }, ['segment']], [{ type: 'users', format: 'csv', segment: 'x' }, ['segment']],
    [{ type: 'transactions', format: 'csv', columns: { user: 'u', time: 3, sum: 'x' } }, ['columns.sum', 'columns.time', 'columns.value']],
    [{ type: 'users', format: 'ndjson', columns: { userId: 'id' } }, ['columns']], [{ type: 'users', format: 'csv', columns: [] }, ['columns']],
  ])('%j is 400', async (body, paths) => {
    expect(pathsOf(await ingest('post', '/v1/imports', body)).sort()).toEqual(paths);
  });

  it('an unknown column, a missing one and a damaged gzip fail the job and say so', async () => {
    expect(await load({ type: 'users', format: 'csv' }, 'userId,plan\na,b\n')).toMatchObject({ status: 'failed', error: expect.stringContaining('"plan" is no field of users') });
    expect(await load({ type: 'users', format: 'csv', columns: { userId: 'id' } }, 'userId\na\n')).toMatchObject({ status: 'failed', error: expect.stringContaining('no column "id"') });
    const cut = gzipSync('userId\ncut\n').subarray(0, 20);
    expect(await load({ type: 'users', format: 'csv' }, cut)).toMatchObject({ status: 'failed', error: expect.stringContaining('gzip') });
  });

  it('a second file, an empty one, a false encoding and a foreign key are refused; others’ imports stay', async () => {
    const id = await announce({ type: 'users', format: 'csv' });
    expect((await upload(id, '')).status).toBe(400);
    expect((await upload(id, 'userId\nx\n', 'text/csv', { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await upload(id, 'x', 'text/csv', { 'content-encoding': 'br' })).status).toBe(415);
    expect((await app.http.put(`/v1/imports/${id}/file`).set(auth(app.keys.marketer)).send('x')).status).toBe(403);
    expect((await app.http.put(`/v1/imports/${id}/file`).send('x')).status).toBe(401);
    expect((await upload('999999', 'x')).status).toBe(404);
    expect((await upload(id, 'userId\nx\n')).status).toBe(202);
    expect((await upload(id, 'userId\ny\n')).status).toBe(409);
    expect((await ingest('post', `/v1/imports/${id}/resume`)).status).toBe(409);
    await app.loop('imports');
    expect(await find(id)).toMatchObject({ status: 'done', accepted: 1 });
  });

  it('other routes still take 10 MB at most', async () => {
    const big = JSON.stringify({ users: [{ userId: 'x'.repeat(11 * 1024 * 1024) }] });
    expect((await app.http.post('/v1/users/batch').set({ ...auth(app.keys.ingest), 'content-type': 'application/json' }).send(big)).status).toBe(413);
  });
});

it('raw events older than the retention go at night; what was counted and the ids stay', async () => {
  const event = { eventId: 'old', userId: 'ret', name: 'view', occurredAt: '2024-03-05T00:00:00Z' };
  await ingest('post', '/v1/events', { events: [event, { ...event, eventId: 'ancient', occurredAt: '1999-01-01T00:00:00Z' }, { ...event, eventId: 'new', occurredAt: '2026-03-01T00:00:00Z' }] });
  const raw = () => app.db.raw<{ event_id: string }>(`select e.event_id from events e join users u on u.id = e.user_id where u.user_id = 'ret' order by 1`);
  await app.loop('event-retention');
  expect(await raw()).toHaveLength(3);
  const noon = app.clock.now();
  app.clock.set('2026-03-03T03:10:00Z');
  await app.loop('event-retention');
  app.clock.set(noon);
  expect(await raw()).toEqual([{ event_id: 'new' }]);
  expect(await countOf(`from user_event_days d join users u on u.id = d.user_id where u.user_id = 'ret'`)).toBe(3);
  expect((await ingest('post', '/v1/events', { events: [event] })).body).toMatchObject({ accepted: 0, duplicates: 1 });
  // The partition is made anew for who comes late after all.
  expect((await ingest('post', '/v1/events', { events: [{ ...event, eventId: 'late' }] })).body).toMatchObject({ accepted: 1 });
});
