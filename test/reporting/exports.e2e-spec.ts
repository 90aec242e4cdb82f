import { get as httpGet } from 'node:http';
import { parquetReadObjects } from 'hyparquet';
import { parse } from 'csv-parse/sync';
import { FeedbackModule } from '../../src/feedback/index.js';
import { MessageIds, type MessageRef } from '../../src/planning/index.js';
import { ReportingModule } from '../../src/reporting/index.js';
import { LedgerFactory, type LedgerCampaign } from '../factories/ledger.js';
import { MessageIdsModule } from '../support/message-ids.module.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const COLUMNS = ('messageId,campaignId,campaignName,runId,userId,channel,topic,class,variant,outcome,reason,dueAt,decidedAt,sentAt,deliveredAt,openedAt,clickedAt,' +
  'unsubscribedAt,firstConvertedAt,conversions,revenue,currency,segments,messagesIn7d,templateVersion,updatedAt,doubts').split(',');
let t: TestApp;
let ledger: LedgerFactory;
let campaign: LedgerCampaign;
let sent: MessageRef;
let capped: MessageRef;

beforeAll(async () => {
  t = await startTestApp({ modules: [ReportingModule, FeedbackModule, MessageIdsModule] });
  ledger = new LedgerFactory(t.db);
  campaign = await ledger.campaign({ name: '=cmd|\' /C calc\'!A0', topic: 'promo', variants: ['a', 'b'], conversion: { event: 'purchase', window: 'P3D', attribution: 'sent' } });
  const alice = await ledger.user('+alice, "the" one');
  sent = await ledger.delivery(campaign, alice, { variant: 1, messagesIn7d: 2, doubts: 1 });
  for (const key of ['vip', 'active']) {
    const [row] = await t.db.raw<{ id: string }>('insert into segments (key, name, static) values ($1, $1, true) returning id', [key]);
    await t.db.raw(`insert into segment_members (segment_id, user_id, entered_at) values ($1, $2, '2026-01-01T00:00:00Z')`, [row!.id, alice]);
  }
  capped = await ledger.delivery(campaign, await ledger.user('bob'), { state: 'suppressed', reason: 'frequency_cap' });
  await ledger.delivery(campaign, await ledger.user('carol'), { state: 'held_out' });
  await ledger.delivery(campaign, await ledger.user('dave'), { state: 'deferred', reason: 'quiet_hours', at: '2026-03-01T13:00:00Z' });
  t.clock.set('2026-03-02T10:00:00Z');
  await t.http.post(`/v1/messages/${idOf(sent)}/events`).set(auth(t.keys.app)).send({ type: 'opened', occurredAt: '2026-03-01T20:00:00Z' }).expect(200);
  t.clock.set('2026-03-03T10:00:00Z');
  const buy = (eventId: string, value: number, currency: string) => ({ eventId, userId: '+alice, "the" one', name: 'purchase', occurredAt: '2026-03-02T20:00:00Z', value, currency });
  await t.http.post('/v1/events').set(auth(t.keys.ingest)).send({ events: [buy('1', 20, 'EUR'), buy('2', -2.5, 'EUR'), buy('3', 99, 'USD')] }).expect(200);
});
afterAll(() => t.close());

const idOf = (ref: MessageRef): string => t.app.get(MessageIds).encode(ref);
const get = (path: string, key = t.keys.analyst) => t.http.get(path).set(auth(key));
const file = (path: string) => get(path).buffer(true).parse((res, done) => {
  const parts: Buffer[] = [];
  res.on('data', (part: Buffer) => parts.push(part)).on('end', () => done(null, Buffer.concat(parts)));
});

describe('a campaign’s export', () => {
  it('as CSV has the contract’s columns, a row for every outcome, and no cell that a spreadsheet would run', async () => {
    const { headers, body } = await file(`/v1/campaigns/${campaign.id}/export`).expect(200);
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="campaign-${campaign.id}-messages.csv"`,
    });
    const text = (body as Buffer).toString();
    expect(text.split('\r\n')[0]!.split(',')).toEqual(COLUMNS);
    const rows = parse(text, { columns: true }) as Record<string, string>[];
    expect(rows.map((row) => [row.userId, row.outcome, row.reason])).toEqual([
      [`'+alice, "the" one`, 'sent', ''], ['bob', 'suppressed', 'frequency_cap'], ['carol', 'held_out', ''], ['dave', 'deferred', 'quiet_hours'],
    ]);
    expect(rows[0]).toMatchObject({
      messageId: idOf(sent), campaignId: campaign.id, campaignName: `'=cmd|' /C calc'!A0`, runId: campaign.runId, channel: 'push', topic: 'promo', class: 'marketing', variant: 'b',
      dueAt: '2026-03-01T12:00:00.000Z', sentAt: '2026-03-01T12:00:00.000Z', deliveredAt: '2026-03-01T20:00:00.000Z', openedAt: '2026-03-01T20:00:00.000Z',
      clickedAt: '2026-03-01T20:00:00.000Z', unsubscribedAt: '', firstConvertedAt: '2026-03-02T20:00:00.000Z', conversions: '3', revenue: '17.5', currency: 'EUR',
      segments: 'active;vip', messagesIn7d: '2', templateVersion: '1', updatedAt: '2026-03-03T10:00:00.000Z', doubts: '1',
    });
    expect(rows[1]).toMatchObject({ sentAt: '', conversions: '0', revenue: '0', templateVersion: '' });
  });

  it('says the same as NDJSON and Parquet', async () => {
    const lines = ((await file(`/v1/campaigns/${campaign.id}/export?format=ndjson`).expect(200)).body as Buffer).toString().trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(Object.keys(lines[0]!)).toEqual(COLUMNS);
    expect(lines[0]).toMatchObject({ userId: '+alice, "the" one', segments: ['active', 'vip'], revenue: 17.5, unsubscribedAt: null });
    const bytes = (await file(`/v1/campaigns/${campaign.id}/export?format=parquet`).expect(200).expect('content-type', /parquet/)).body as Buffer;
    const rows = (await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer })) as Record<string, unknown>[];
    expect(JSON.parse(JSON.stringify(rows))).toEqual(lines);
  });

  it('by day and by segment are the sums of the results', async () => {
    const day = parse(((await file(`/v1/campaigns/${campaign.id}/export?level=day`).expect(200)).body as Buffer).toString(), { columns: true }) as Record<string, string>[];
    expect(day.map((row) => [row.day, row.sent, row.opened, row.converted, row.revenue])).toEqual([['2026-03-01', '1', '1', '0', '0'], ['2026-03-02', '0', '0', '1', '17.5']]);
    const segment = ((await file(`/v1/campaigns/${campaign.id}/export?level=segment&format=ndjson`).expect(200)).body as Buffer).toString().trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(segment).toEqual(['active', 'vip'].map((key) => ({
      segment: key, audience: 1, holdout: 0, suppressed: 0, sent: 1, delivered: 1, opened: 1, clicked: 1, unsubscribed: 0, converted: 1, revenue: 17.5,
    })));
    for (const format of ['csv', 'ndjson', 'parquet']) {
      for (const level of ['message', 'day', 'segment']) await file(`/v1/campaigns/${(await ledger.campaign()).id}/export?level=${level}&format=${format}`).expect(200);
    }
  });

  it('is for analysts and marketers, and names wrong parameters', async () => {
    const { body } = await get(`/v1/campaigns/${campaign.id}/export?level=row&format=xls&status=sent`).expect(400);
    expect(body.errors.map((e: { path: string }) => e.path).sort()).toEqual(['format', 'level', 'status']);
    for (const key of [t.keys.app, t.keys.ingest]) await get(`/v1/campaigns/${campaign.id}/export`, key).expect(403);
    await get(`/v1/campaigns/${campaign.id}/export`, t.keys.marketer).expect(200);
    await get('/v1/campaigns/999999/export').expect(404);
    await get(`/v1/campaigns/${campaign.id}/export?runId=999999`).expect(404);
  });

  it('of 60,000 rows streams with back-pressure, and a reader that goes away frees the cursor', async () => {
    const big = await ledger.campaign();
    await t.db.raw(
      `insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, settled_at, counted_at, policy_version, state, channel)
       select $1::date, 1000000 + i, $2, $3, $4, $5, $6::timestamptz, $6, $6, $6, $6, 0, 'sent', 'push' from generate_series(1, 60000) as i`,
      [big.month, big.runId, big.waveId, big.id, big.chunkId, '2026-03-01T12:00:00Z']);
    const path = `/v1/campaigns/${big.id}/export`;
    const text = ((await file(path).expect(200)).body as Buffer).toString();
    expect(text.split('\r\n').length).toBe(60_002);
    const exporting = async (): Promise<number> =>
      (await t.db.raw<{ n: number }>(`select count(*)::int as n from pg_stat_activity where datname = current_database() and state = 'idle in transaction' and query like 'fetch%'`))[0]!.n;
    // A reader that takes one piece and then nothing: the export must wait for it, not fill the memory.
    await new Promise<void>((done, fail) => {
      const request = httpGet(`${t.url}${path}`, { headers: auth(t.keys.analyst) }, (response) => {
        response.once('readable', () => {
          response.read(1);
          const leaveWhenStalled = async (): Promise<void> => {
            while ((await exporting()) === 0) await new Promise((next) => setImmediate(next));
            request.destroy();
            // Two seconds on a quiet machine; the test's own time-out is what fails where it never happens.
            while ((await exporting()) > 0) await new Promise((next) => setImmediate(next));
          };
          leaveWhenStalled().then(done, fail);
        });
        response.on('error', () => undefined);
      });
      request.on('error', () => undefined);
    });
  }, 120_000);
});

describe('the list of a campaign’s messages', () => {
  it('comes in pages and by outcome, reason and run', async () => {
    const list = async (query: string) => (await get(`/v1/campaigns/${campaign.id}/messages${query}`).expect(200)).body as { data: Record<string, unknown>[]; nextCursor: string | null };
    const first = await list('?limit=3');
    expect(Object.keys(first.data[0]!)).toEqual(COLUMNS);
    const second = await list(`?limit=3&cursor=${first.nextCursor!}`);
    expect([...first.data, ...second.data].map((row) => row.userId)).toEqual(['+alice, "the" one', 'bob', 'carol', 'dave']);
    expect(second.nextCursor).toBeNull();
    expect((await list('?status=suppressed')).data.map((row) => row.userId)).toEqual(['bob']);
    expect((await list('?status=held_out')).data.map((row) => row.userId)).toEqual(['carol']);
    expect((await list('?reason=quiet_hours')).data.map((row) => row.userId)).toEqual(['dave']);
    expect((await list(`?runId=${campaign.runId}&status=sent`)).data.map((row) => row.messageId)).toEqual([idOf(sent)]);
    const { body } = await get(`/v1/campaigns/${campaign.id}/messages?status=lost&reason=none&limit=0&cursor=x`).expect(400);
    expect(body.errors.map((e: { path: string }) => e.path).sort()).toEqual(expect.arrayContaining(['limit', 'reason', 'status']));
  });
});

describe('messages across campaigns', () => {
  const rows = async (query: string) =>
    ((await file(`/v1/exports/messages?format=ndjson&${query}`).expect(200)).body as Buffer).toString().trimEnd().split('\n').filter(Boolean).map((line) => JSON.parse(line) as { messageId: string; userId: string | null });

  it('are taken by due time, and by what happened to them since', async () => {
    expect((await rows('from=2026-03-01T13:00:00Z&to=2026-03-01T13:00:01Z')).map((row) => row.userId)).toEqual(['dave']);
    expect(await rows('to=2026-03-01T12:00:00Z')).toEqual([]);
    expect((await rows('updatedSince=2026-03-03T10:00:00Z')).map((row) => row.messageId)).toEqual([idOf(sent)]);
    expect(await rows('updatedSince=2026-03-03T10:00:01Z')).toEqual([]);
    await get('/v1/exports/messages?from=1&to=2&updatedSince=3').expect(400);
    await get('/v1/exports/messages', t.keys.ingest).expect(403);
  });

  it('of an erased person stay, without the person', async () => {
    const user = await ledger.user('gone');
    await ledger.delivery(await ledger.campaign({ runAt: '2026-05-01T12:00:00Z' }), user, { at: '2026-05-01T12:00:00Z' });
    await t.db.raw('delete from users where id = $1', [user]);
    expect((await rows('from=2026-05-01T00:00:00Z')).map((row) => row.userId)).toEqual([null]);
  });
});

describe('one person’s messages', () => {
  it('stand with what became of each, absent where nothing did', async () => {
    const { body } = await get(`/v1/users/${encodeURIComponent('+alice, "the" one')}/messages`).expect(200);
    expect(body).toEqual([{
      messageId: idOf(sent), campaignId: campaign.id, runId: campaign.runId, channel: 'push', variant: 'b', outcome: 'sent', dueAt: '2026-03-01T12:00:00.000Z',
      sentAt: '2026-03-01T12:00:00.000Z', openedAt: '2026-03-01T20:00:00.000Z', clickedAt: '2026-03-01T20:00:00.000Z', convertedAt: '2026-03-02T20:00:00.000Z',
    }]);
    expect((await get('/v1/users/bob/messages').expect(200)).body).toEqual([{
      messageId: idOf(capped), campaignId: campaign.id, runId: campaign.runId, channel: 'push', variant: 'a', outcome: 'suppressed', reason: 'frequency_cap', dueAt: '2026-03-01T12:00:00.000Z',
    }]);
    expect((await get('/v1/users/bob/messages?from=2026-03-01T12:00:01Z').expect(200)).body).toEqual([]);
    expect((await get(`/v1/users/bob/messages?campaignId=${campaign.id}&to=2026-03-02T00:00:00Z`).expect(200)).body).toHaveLength(1);
    await get('/v1/users/nobody/messages').expect(404);
    await get('/v1/users/bob/messages?from=x&campaignId=y').expect(400);
    await get('/v1/users/bob/messages', t.keys.app).expect(403);
  });
});
