import { FeedbackModule } from '../../src/feedback/index.js';
import { ReportingModule } from '../../src/reporting/index.js';
import { LedgerFactory, type LedgerCampaign } from '../factories/ledger.js';
import { MessageIdsModule } from '../support/message-ids.module.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

let t: TestApp;
let ledger: LedgerFactory;
let n = 0;

beforeAll(async () => {
  t = await startTestApp({ modules: [ReportingModule, FeedbackModule, MessageIdsModule] });
  ledger = new LedgerFactory(t.db);
});
afterAll(() => t.close());

const results = async (campaign: LedgerCampaign | string, query = '') => {
  const id = typeof campaign === 'string' ? campaign : campaign.id;
  return (await t.http.get(`/v1/campaigns/${id}/results${query}`).set(auth(t.keys.analyst)).expect(200)).body as Record<string, unknown>;
};
const balance = (r: Record<string, unknown>): number =>
  ['holdout', 'queued', 'sending', 'sent', 'failed', 'unknown', 'deferred'].reduce((sum, name) => sum + (r[name] as number), 0) +
  (r.suppressed as { count: number }[]).reduce((sum, s) => sum + s.count, 0);
const person = () => ledger.user(`r${++n}`);
const fact = (ref: { month: string; userId: string; id: string }, campaign: LedgerCampaign, columns: Record<string, string>) => {
  const names = Object.keys(columns);
  return t.db.raw(
    `insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, updated_at, ${names.join(', ')})
     values ($1, $2, $3, $4, $5, $6, '2026-03-02T00:00:00Z', ${names.map((_, i) => `$${i + 7}`).join(', ')})`,
    [ref.month, ref.userId, ref.id, campaign.id, campaign.runId, campaign.channel, ...Object.values(columns)]);
};
const credit = (ref: { month: string; userId: string; id: string }, campaign: LedgerCampaign, at: string, value: number | null, currency: string | null) =>
  t.db.raw(
    `insert into conversions (user_id, event_id, name, occurred_at, value, currency, month, delivery_id, campaign_id, run_id, credited_at)
     values ($1, $2, 'purchase', $3, $4, $5, $6, $7, $8, $9, $3)`, [ref.userId, `e${++n}`, at, value, currency, ref.month, ref.id, campaign.id, campaign.runId]);

describe('results', () => {
  it('count every outcome and balance, and a queued row under an open slice is sending', async () => {
    const campaign = await ledger.campaign({ variants: ['a', 'b'], holdout: 0.1 });
    const add = async (count: number, options: Parameters<LedgerFactory['delivery']>[2]) => {
      const refs = [];
      for (let i = 0; i < count; i++) refs.push(await ledger.delivery(campaign, await person(), options));
      return refs;
    };
    await add(5, { state: 'sent' });
    await add(3, { state: 'sent', variant: 1 });
    const queued = await add(4, { state: 'queued' });
    await ledger.slice(campaign, queued[0]!, queued[1]!);
    await ledger.slice(campaign, queued[2]!, queued[2]!, '2026-03-01T12:10:00Z');
    await add(1, { state: 'failed', reason: 'provider_rejected' });
    await add(1, { state: 'unknown' });
    await add(1, { state: 'unknown', doubts: 2 });
    await add(2, { state: 'deferred', reason: 'quiet_hours' });
    await add(1, { state: 'held_out' });
    await add(3, { state: 'suppressed', reason: 'frequency_cap' });
    await add(1, { state: 'suppressed', reason: 'no_device' });
    const r = await results(campaign);
    expect(r).toMatchObject({
      status: 'running', audience: 22, sent: 8, queued: 2, sending: 2, failed: 1, unknown: 2, resent: 1, deferred: 2, holdout: 1,
      suppressed: [{ reason: 'frequency_cap', count: 3 }, { reason: 'no_device', count: 1 }],
    });
    expect(balance(r)).toBe(r.audience);
    expect((r.variants as { key: string; sent: number; template: string }[]).map((v) => [v.key, v.template, v.sent])).toEqual([['a', 't-a', 5], ['b', 't-b', 3]]);
  });

  it('of a draft are zeros and nulls', async () => {
    const [row] = await t.db.raw<{ id: string }>(
      `insert into campaigns (name, channel, transactional, priority, definition, salt) values ('d', 'push', false, 50,
       '{"variants": [{"key": "a", "template": "x", "weight": 1}, {"key": "b", "template": "y", "weight": 1}], "holdout": 0, "ignoreCaps": false}', 's') returning id`);
    const r = await results(row!.id);
    expect(r).toMatchObject({
      status: 'draft', audience: 0, revenue: 0, revenueByCurrency: {}, cost: 0, byDay: [], bySegment: [], suppressed: [],
      rates: { openRate: null, conversionRate: null }, variants: [{ winProbability: null }, { winProbability: null }],
      lift: { conversionRate: { treated: null, ci95: null }, revenuePerUser: { absolute: null }, sampleRatioMismatchP: null },
    });
  });

  it('count what people did, money by currency, and each day in its zone', async () => {
    await t.http.patch('/v1/settings').set(auth(t.adminKey)).send({ messageCost: { push: 0.01, email: 0.002 } }).expect(200);
    t.clock.advance({ seconds: 2 });
    const campaign = await ledger.campaign({ channel: 'email' });
    const refs = [];
    for (let i = 0; i < 10; i++) refs.push(await ledger.delivery(campaign, await person(), { at: '2026-03-01T23:30:00Z' }));
    await fact(refs[0]!, campaign, { delivered_at: '2026-03-01T23:31:00Z', opened_at: '2026-03-01T23:40:00Z', clicked_at: '2026-03-02T10:00:00Z' });
    await fact(refs[1]!, campaign, { delivered_at: '2026-03-01T23:31:00Z', unsubscribed_at: '2026-03-02T10:00:00Z' });
    await credit(refs[0]!, campaign, '2026-03-02T11:00:00Z', 20.5, 'EUR');
    await credit(refs[0]!, campaign, '2026-03-03T11:00:00Z', -0.5, null);
    await credit(refs[1]!, campaign, '2026-03-03T12:00:00Z', 7, 'USD');
    await credit(refs[2]!, campaign, '2026-03-03T12:00:00Z', null, null);
    const r = await results(campaign);
    expect(r).toMatchObject({
      sent: 10, delivered: 2, opened: 1, clicked: 1, unsubscribed: 1, converted: 3, conversions: 4, revenue: 20, revenueByCurrency: { EUR: 20, USD: 7 }, cost: 0.02,
      rates: { openRate: 0.1, clickRate: 0.1, unsubscribeRate: 0.1, conversionRate: 0.3, deliveryRate: 0.2, revenuePerMessage: 2 },
    });
    const day = (name: string, rest: object) => ({ day: name, audience: 0, sent: 0, delivered: 0, opened: 0, clicked: 0, unsubscribed: 0, converted: 0, revenue: 0, ...rest });
    expect(r.byDay).toEqual([
      day('2026-03-01', { audience: 10, sent: 10, delivered: 2, opened: 1 }), day('2026-03-02', { clicked: 1, unsubscribed: 1, converted: 1, revenue: 20.5 }),
      day('2026-03-03', { converted: 2, revenue: -0.5 }),
    ]);
    expect((await results(campaign, '?timezone=Europe/Berlin')).byDay).toEqual([
      day('2026-03-02', { audience: 10, sent: 10, delivered: 2, opened: 1, clicked: 1, unsubscribed: 1, converted: 1, revenue: 20.5 }),
      day('2026-03-03', { converted: 2, revenue: -0.5 }),
    ]);
  });

  it('leave test sends out and can be asked for one run', async () => {
    const campaign = await ledger.campaign();
    await ledger.delivery(campaign, await person());
    const second = await ledger.run(campaign.id, { channel: 'push', topicId: null, runAt: '2026-04-01T12:00:00Z' });
    await ledger.delivery(second, await person(), { at: '2026-04-01T12:00:00Z' });
    await ledger.delivery(second, await person(), { at: '2026-04-01T12:00:00Z', state: 'suppressed' });
    const test = await ledger.run(campaign.id, { channel: 'push', topicId: null, runAt: '2026-03-05T12:00:00Z', kind: 'test' });
    const tested = await ledger.delivery(test, await person());
    await fact(tested, test, { opened_at: '2026-03-05T12:00:05Z' });
    expect(await results(campaign)).toMatchObject({ audience: 3, sent: 2, opened: 0 });
    expect(await results(campaign, `?runId=${second.runId}`)).toMatchObject({ audience: 2, sent: 1, runId: second.runId });
    const get = (path: string) => t.http.get(`/v1/campaigns/${path}`).set(auth(t.keys.analyst));
    for (const path of [`${campaign.id}/results?runId=${test.runId}`, `${campaign.id}/results?runId=999999`, `${campaign.id}/results?runId=x`, '999999/results', 'x/results']) {
      await get(path).expect(404);
    }
    const { body } = await get(`${campaign.id}/results?timezone=Mars&extra=1`).expect(400);
    expect(body.errors.map((e: { path: string }) => e.path).sort()).toEqual(['extra', 'timezone']);
    for (const key of [t.keys.app, t.keys.ingest]) await t.http.get(`/v1/campaigns/${campaign.id}/results`).set(auth(key)).expect(403);
    await t.http.get(`/v1/campaigns/${campaign.id}/results`).set(auth(t.keys.marketer)).expect(200);
  });

  it('measure the lift alike in both arms, in people, whoever was credited', async () => {
    const campaign = await ledger.campaign({ holdout: 0.5, conversion: { event: 'order', window: 'P3D', attribution: 'clicked' } });
    const at = '2026-03-01T12:00:00Z';
    const people = { treated: [] as string[], control: [] as string[] };
    for (let i = 0; i < 6; i++) {
      const user = await person();
      await ledger.delivery(campaign, user, { state: i === 5 ? 'suppressed' : 'sent', reason: i === 5 ? 'cancelled' : undefined, chunkId: campaign.chunkId, at });
      people.treated.push(user);
    }
    for (let i = 0; i < 4; i++) {
      const user = await person();
      await ledger.delivery(campaign, user, { state: 'held_out', at });
      people.control.push(user);
    }
    await ledger.delivery(campaign, await person(), { state: 'suppressed', reason: 'frequency_cap', at });
    // Twice in one person, at the window's first instant, at its last and just past it, in another currency, another event.
    await ledger.event(people.treated[0]!, 'order', '2026-03-01T12:00:00Z', 10, 'EUR');
    await ledger.event(people.treated[0]!, 'order', '2026-03-02T12:00:00Z', 5, null);
    await ledger.event(people.treated[5]!, 'order', '2026-03-04T11:59:59.999Z', 9, 'USD');
    await ledger.event(people.treated[1]!, 'order', '2026-03-04T12:00:00Z', 100, 'EUR');
    await ledger.event(people.treated[2]!, 'visit', '2026-03-02T12:00:00Z');
    await ledger.event(people.treated[3]!, 'order', '2026-03-01T11:59:59Z', 100, 'EUR');
    await ledger.event(people.control[0]!, 'order', '2026-03-03T12:00:00Z', 4, 'EUR');
    const { lift } = (await results(campaign)) as unknown as { lift: Record<string, Record<string, number>> };
    expect(lift).toMatchObject({
      users: { treated: 6, control: 4 }, converted: { treated: 2, control: 1 },
      conversionRate: { control: 0.25, sequence: null }, revenuePerUser: { treated: 2.5, control: 1, absolute: 1.5 },
    });
    expect(lift.conversionRate!.treated).toBeCloseTo(1 / 3, 12);
    expect(lift.sampleRatioMismatchP).toBeCloseTo(0.527, 3);
  });

  it('stand by the segments people were in at the decision, not by those they are in now', async () => {
    const campaign = await ledger.campaign();
    const segment = async (key: string) => (await t.db.raw<{ id: string }>(`insert into segments (key, name, static) values ($1, $1, true) returning id`, [key]))[0]!.id;
    const [stayed, left, later] = [await segment('stayed'), await segment('left'), await segment('later')];
    const user = await person();
    const member = (id: string, from: string) => t.db.raw('insert into segment_members (segment_id, user_id, entered_at) values ($1, $2, $3)', [id, user, from]);
    const change = (id: string, entered: boolean, at: string) =>
      t.db.raw(`insert into segment_changes (segment_id, user_id, entered, cause, at) values ($1, $2, $3, 'manual', $4)`, [id, user, entered, at]);
    await member(stayed, '2026-02-01T00:00:00Z');
    await member(later, '2026-03-01T13:00:00Z');
    await change(left, true, '2026-02-01T00:00:00Z');
    await change(left, false, '2026-03-01T12:30:00Z');
    const ref = await ledger.delivery(campaign, user, { at: '2026-03-01T12:00:00Z', messagesIn7d: 3 });
    await fact(ref, campaign, { opened_at: '2026-03-01T14:00:00Z', unsubscribed_at: '2026-03-01T14:00:00Z' });
    const r = (await results(campaign)) as unknown as { bySegment: { segment: string; sent: number; opened: number }[] };
    expect(r.bySegment.map((s) => [s.segment, s.sent, s.opened])).toEqual([['left', 1, 1], ['stayed', 1, 1]]);

    const performance = (key: string, query = '') => t.http.get(`/v1/segments/${key}/performance${query}`).set(auth(t.keys.analyst));
    expect((await performance('left').expect(200)).body).toEqual({
      sent: 1, opened: 1, clicked: 0, unsubscribed: 1, converted: 0, revenue: 0, openRate: 1, unsubscribeRate: 1, conversionRate: 0, revenuePerMessage: 0,
      byChannel: {
        push: { sent: 1, opened: 1, clicked: 0, unsubscribed: 1, converted: 0, revenue: 0, openRate: 1, unsubscribeRate: 1, conversionRate: 0, revenuePerMessage: 0 },
        email: { sent: 0, opened: 0, clicked: 0, unsubscribed: 0, converted: 0, revenue: 0, openRate: null, unsubscribeRate: null, conversionRate: null, revenuePerMessage: null },
      },
      byPressure: [{ messagesIn7d: 3, sent: 1, openRate: 1, unsubscribeRate: 1 }],
    });
    expect((await performance('later').expect(200)).body).toMatchObject({ sent: 0, openRate: null, byPressure: [] });
    expect((await performance('stayed', '?from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:01Z').expect(200)).body.sent).toBe(1);
    expect((await performance('stayed', '?to=2026-03-01T12:00:00Z').expect(200)).body.sent).toBe(0);
    expect((await performance('everyone').expect(200)).body.sent).toBeGreaterThan(1);
    await performance('nothing').expect(404);
    await performance('left', '?from=yesterday').expect(400);
  });

  it('balance at any moment while the ledger is being written', async () => {
    const campaign = await ledger.campaign();
    const users = await Promise.all(Array.from({ length: 60 }, person));
    let writing = true;
    const writer = (async () => {
      for (const user of users) {
        const ref = await ledger.delivery(campaign, user, { state: 'queued' });
        await ledger.slice(campaign, ref, ref);
        await t.db.raw(`update deliveries set state = 'sent', settled_at = decided_at, counted_at = decided_at where id = $1`, [ref.id]);
        await t.db.raw(`update slices set closed_at = clock_timestamp() where first_id = $1`, [ref.id]);
      }
    })().finally(() => (writing = false));
    while (writing) {
      const r = await results(campaign);
      expect(balance(r)).toBe(r.audience);
      const days = (r.byDay as { audience: number; sent: number }[]).reduce((sum, d) => ({ audience: sum.audience + d.audience, sent: sum.sent + d.sent }), { audience: 0, sent: 0 });
      expect(days).toEqual({ audience: r.audience, sent: r.sent });
    }
    await writer;
    expect(await results(campaign)).toMatchObject({ audience: 60, sent: 60 });
  });
});

describe('the report', () => {
  it('is a page that loads and runs nothing, opens in a browser with the key as password, and escapes names', async () => {
    const campaign = await ledger.campaign({ name: '<script>alert(1)</script> & "Spring"', holdout: 0.5, variants: ['a', 'b'], conversion: { event: 'order', window: 'P3D', attribution: 'sent' } });
    for (let i = 0; i < 8; i++) await ledger.delivery(campaign, await person(), { state: i % 2 ? 'sent' : 'held_out', variant: i % 4 === 1 ? 0 : 1 });
    await ledger.delivery(campaign, await person(), { state: 'suppressed', reason: 'quiet_hours' });
    const basic = `Basic ${Buffer.from(`anyone:${t.keys.analyst}`).toString('base64')}`;
    const { text, headers } = await t.http.get(`/v1/campaigns/${campaign.id}/report`).set('Authorization', basic).expect(200);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).toContain('&#60;script&#62;alert(1)&#60;/script&#62; &#38; &#34;Spring&#34;');
    expect(text).not.toMatch(/<script|style="|NaN|undefined|https?:\/\//);
    for (const part of ['quiet hours', 'held out', 'What the campaign changed', 'Variants', 'Day by day', '<svg']) expect(text).toContain(part);
    await t.http.get(`/v1/campaigns/${campaign.id}/report`).set(auth(t.keys.marketer)).expect(200);
    await t.http.get(`/v1/campaigns/${campaign.id}/report`).expect(401).expect('www-authenticate', /^Basic/);
    await t.http.get(`/v1/campaigns/${campaign.id}/report`).set(auth('nonsense')).expect(401);
    await t.http.get(`/v1/campaigns/${campaign.id}/report`).set(auth(t.keys.app)).expect(403);
    await t.http.get('/v1/campaigns/999999/report').set(auth(t.keys.marketer)).expect(404);
  });

  it('of an empty campaign says so without a NaN', async () => {
    const campaign = await ledger.campaign();
    const { text } = await t.http.get(`/v1/campaigns/${campaign.id}/report`).set(auth(t.keys.analyst)).expect(200);
    expect(text).not.toMatch(/NaN|undefined|null/);
  });
});
