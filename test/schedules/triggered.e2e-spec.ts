import { auth } from '../support/test-app.js';
import { startSchedules, type SchedulesUnderTest } from './fixture.js';

let t: SchedulesUnderTest;
beforeAll(async () => (t = await startSchedules()));
afterAll(() => t?.close());
beforeEach(async () => {
  await t.clear();
  await t.people({ ada: 'Europe/Berlin', bob: null });
});

const SIGNUP = { type: 'triggered', event: 'signup', reentry: 'always' };
const explain = async (id: string, userId: string) => (await t.http.get(`/v1/campaigns/${id}/explain?userId=${userId}`).set(auth(t.keys.marketer)).expect(200)).body;

describe('a triggered campaign', () => {
  it('sends to who has the event after the launch, and to nobody else', async () => {
    await t.event('ada', 'signup');
    t.clock.advance({ seconds: 1 });
    const id = await t.launched(SIGNUP);
    expect(await t.status(id)).toBe('running');
    await t.event('bob', 'signup');
    await t.event('bob', 'login');
    await t.loop('triggers');
    expect(await t.ledger(id)).toEqual(['bob queued']);
    expect((await explain(id, 'ada')).outcome).toBe('not_triggered');
    expect((await explain(id, 'bob')).outcome).toBe('queued');
    expect(await t.runs(id)).toEqual([{ scheduledFor: '2026-03-02T00:00:00.000Z', status: 'running' }]);
  });

  it('cannot be simulated', async () => {
    const id = await t.launched(SIGNUP);
    await t.http.post(`/v1/campaigns/${id}/simulate`).set(auth(t.keys.marketer)).expect(409);
  });

  it('asks the event’s properties', async () => {
    const id = await t.launched({ ...SIGNUP, where: [{ property: 'plan.name', op: 'in', value: ['pro', 'team'] }, { property: 'seats', op: 'gte', value: 5 }] });
    await t.event('ada', 'signup', { properties: { plan: { name: 'pro' }, seats: 5 } });
    await t.event('bob', 'signup', { properties: { plan: { name: 'pro' }, seats: 4 } });
    await t.tickAt();
    expect(await t.ledger(id)).toEqual(['ada queued']);
  });

  it('waits for its delay, and an event that follows takes the entry back', async () => {
    const id = await t.launched({ ...SIGNUP, event: 'cart', delay: 'PT1H', unless: 'purchase' });
    await t.event('ada', 'cart');
    await t.event('bob', 'cart');
    await t.tickAt('2026-03-02T12:30:00Z');
    await t.event('bob', 'purchase');
    await t.tickAt('2026-03-02T12:59:59Z');
    expect(await t.ledger(id)).toEqual([]);
    await t.tickAt('2026-03-02T13:00:00Z');
    expect(await t.ledger(id)).toEqual(['ada queued']);
    expect((await explain(id, 'bob')).outcome).toBe('not_triggered');
  });

  it('is in the user’s audience when it is due, or sends nothing', async () => {
    await t.db.raw(`insert into segments (key, name, rule) values ('berlin', 'Berlin', '{"attribute": "$timezone", "op": "eq", "value": "Europe/Berlin"}')`);
    const id = await t.launched(SIGNUP, { audience: { include: ['berlin'] } });
    await t.event('ada', 'signup');
    await t.event('bob', 'signup');
    await t.tickAt();
    expect(await t.ledger(id)).toEqual(['ada queued']);
  });

  it.each([['always', 4], ['never', 1], ['PT10M', 2]])('with reentry %s lets the same user in %i times', async (reentry, entries) => {
    const id = await t.launched({ ...SIGNUP, reentry });
    for (const minute of ['00', '05', '09', '10']) {
      t.clock.set(`2026-03-02T12:${minute}:00Z`);
      await t.event('ada', 'signup');
    }
    for (let i = 0; i < 5; i++) await t.tickAt();
    expect(await t.ledger(id)).toHaveLength(entries);
  });

  it('lets the same user in once, however many batches come at the same time', async () => {
    const id = await t.launched({ ...SIGNUP, reentry: 'P7D' });
    await Promise.all(Array.from({ length: 20 }, (_, i) => t.event('ada', 'signup', { eventId: `e${i}` })));
    await t.tickAt();
    expect(await t.ledger(id)).toHaveLength(1);
  });

  it('decides a deferred entry again, beside the user’s other entries', async () => {
    await t.http.put('/v1/fatigue-policy').set(auth(t.adminKey)).send({ caps: [{ key: 'hour', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'PT1H' } }] }).expect(200);
    const id = await t.launched(SIGNUP, { onFatigue: 'defer' });
    for (const minute of ['00', '05']) {
      t.clock.set(`2026-03-02T12:${minute}:00Z`);
      await t.event('ada', 'signup');
      await t.tickAt();
      await t.loop('sender');
    }
    expect(await t.ledger(id)).toEqual(['ada sent', 'ada deferred frequency_cap']);
    await t.tickAt('2026-03-02T14:00:00Z');
    expect(await t.ledger(id)).toEqual(['ada sent', 'ada queued']);
    await t.http.put('/v1/fatigue-policy').set(auth(t.adminKey)).send({}).expect(200);
  });

  it('an event takes back also an entry that was deferred, and no other', async () => {
    await t.http.put('/v1/fatigue-policy').set(auth(t.adminKey)).send({ quietHours: [{ channel: 'push', start: '22:00', end: '08:00' }] }).expect(200);
    await t.db.raw(`update users set timezone = null`);
    const id = await t.launched({ ...SIGNUP, event: 'cart', delay: 'PT1H', unless: 'purchase' }, { onFatigue: 'defer' });
    t.clock.set('2026-03-02T21:30:00Z');
    await t.event('ada', 'cart');
    await t.event('bob', 'cart');
    await t.tickAt('2026-03-02T22:30:00Z');
    expect(await t.ledger(id)).toEqual(['ada deferred quiet_hours', 'bob deferred quiet_hours']);
    t.clock.set('2026-03-02T23:00:00Z');
    await t.event('ada', 'purchase');
    await t.tickAt('2026-03-03T08:00:00Z');
    expect(await t.ledger(id)).toEqual(['ada suppressed left_segment', 'bob queued']);
    expect((await explain(id, 'ada')).gates.find(({ gate }: { gate: string }) => gate === 'audience')).toMatchObject({ passed: false });
    await t.http.put('/v1/fatigue-policy').set(auth(t.adminKey)).send({}).expect(200);
  });

  it('an event told late triggers as long as it has not expired, and not after', async () => {
    const id = await t.launched(SIGNUP, { expiresAfter: 'PT1H' });
    t.clock.set('2026-03-02T14:00:00Z');
    await t.event('ada', 'signup', { occurredAt: '2026-03-02T12:59:59Z' });
    await t.event('bob', 'signup', { occurredAt: '2026-03-02T13:00:00Z' });
    await t.tickAt();
    expect(await t.ledger(id)).toEqual(['bob queued']);
  });

  it('has a run for each UTC day of its entries, and an entry past midnight is the next day’s', async () => {
    const id = await t.launched({ ...SIGNUP, delay: 'PT1H' });
    t.clock.set('2026-03-02T22:59:59Z');
    await t.event('ada', 'signup');
    t.clock.set('2026-03-02T23:00:00Z');
    await t.event('bob', 'signup');
    await t.tickAt('2026-03-03T00:00:00Z');
    expect((await t.runs(id)).map(({ scheduledFor }) => scheduledFor).sort()).toEqual(['2026-03-02T00:00:00.000Z', '2026-03-03T00:00:00.000Z']);
    expect(await t.ledger(id)).toHaveLength(2);
  });

  it('lets the event speak in the template', async () => {
    await t.http.post('/v1/templates').set(auth(t.keys.marketer)).send({
      key: 'cart', channel: 'push', defaultLocale: 'en', content: { en: { title: '{{event.name}}', body: '{{event.properties.item}} for {{event.value}} {{event.currency}}' } },
    }).expect(201);
    await t.launched(SIGNUP, { template: 'cart' });
    await t.event('ada', 'signup', { value: 12.5, currency: 'EUR', properties: { item: 'A book' } });
    await t.tickAt();
    await t.loop('sender');
    const sent = (await t.http.get('/v1/sandbox/messages').set(auth(t.adminKey)).expect(200)).body.data;
    expect(JSON.stringify(sent)).toContain('A book for 12.5 EUR');
  });

  it('paused keeps what happens meanwhile and decides it when resumed', async () => {
    const id = await t.launched(SIGNUP);
    await t.http.post(`/v1/campaigns/${id}/pause`).set(auth(t.keys.marketer)).expect(200);
    await t.event('ada', 'signup');
    await t.tickAt();
    expect(await t.ledger(id)).toEqual([]);
    await t.http.post(`/v1/campaigns/${id}/resume`).set(auth(t.keys.marketer)).expect(200);
    await t.tickAt();
    expect(await t.ledger(id)).toEqual(['ada queued']);
  });

  it('by a segment sends on entry, not on the making of the segment nor on an edit of its rule', async () => {
    await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key: 'vip', name: 'VIP', rule: { attribute: 'vip', op: 'eq', value: true } }).expect(201);
    const id = await t.launched({ type: 'triggered', segment: 'vip', reentry: 'always' });
    await t.db.raw(`update users set attributes = '{"vip": true}' where user_id = 'ada'`);
    t.clock.advance({ seconds: 5 });
    await t.loop('segments');
    await t.tickAt();
    expect(await t.ledger(id)).toEqual(['ada queued']);
    await t.http.patch('/v1/segments/vip').set(auth(t.keys.marketer)).send({ rule: { not: { attribute: 'vip', op: 'eq', value: true } } }).expect(200);
    t.clock.advance({ seconds: 5 });
    await t.loop('segments');
    await t.tickAt();
    expect(await t.ledger(id)).toEqual(['ada queued']);
  });
});
