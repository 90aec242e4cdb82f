import { createCampaign, launch } from '../factories/campaigns.js';
import { auth } from '../support/test-app.js';
import { startSchedules, type SchedulesUnderTest } from '../schedules/fixture.js';

/** Hours apart: it is 19:00 in Tokyo at 10:00 UTC, in Berlin at 18:00. */
const EVENING = { type: 'local', localAt: '2026-03-03T19:00' };
const IN_TOKYO = '2026-03-03T10:00:00Z';
const IN_BERLIN = '2026-03-03T18:00:00Z';

let t: SchedulesUnderTest;
beforeAll(async () => {
  t = await startSchedules();
  await t.http.post('/v1/templates').set(auth(t.keys.marketer))
    .send({ key: 'letter', channel: 'email', defaultLocale: 'en', content: { en: { subject: 'Hello', html: '<p>News</p>' } } }).expect(201);
});
afterAll(() => t?.close());
beforeEach(async () => {
  await t.clear();
  await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key: 'readers', name: 'Readers', static: true }).expect(201);
});

/** Users of one address, the oldest first. */
async function household(zones: Record<string, string>): Promise<void> {
  await t.people(zones);
  await t.db.raw(`update users set email = 'us@example.org', email_hash = 'us'`);
}
const members = (change: { add?: string[]; remove?: string[] }) => t.http.post('/v1/segments/readers/members').set(auth(t.keys.marketer)).send(change).expect(200);
const mailed = async (overrides: object = {}) => {
  const id = await createCampaign(t, { channel: 'email', template: 'letter', audience: { include: ['readers'] }, schedule: EVENING, ...overrides });
  await launch(t, id);
  return id;
};

describe('one mail for an address and run', () => {
  it('goes to the oldest user of the audience that has the address', async () => {
    await household({ guest: 'Asia/Tokyo', older: 'Asia/Tokyo', younger: 'Asia/Tokyo' });
    await members({ add: ['older', 'younger'] });
    const id = await mailed();
    await t.tickAt(IN_TOKYO);
    expect(await t.ledger(id)).toEqual(['older queued', 'younger suppressed duplicate_address']);
  });

  it('also where the oldest has left the audience before the others are decided', async () => {
    await household({ older: 'Asia/Tokyo', younger: 'Europe/Berlin' });
    await members({ add: ['older', 'younger'] });
    const id = await mailed();
    await t.tickAt(IN_TOKYO);
    await members({ remove: ['older'] });
    await t.tickAt(IN_BERLIN);
    expect(await t.ledger(id)).toEqual(['older queued', 'younger suppressed duplicate_address']);
  });

  it('also where the oldest comes into the audience after another had it', async () => {
    await household({ older: 'Europe/Berlin', younger: 'Asia/Tokyo' });
    await members({ add: ['younger'] });
    const id = await mailed();
    await t.tickAt(IN_TOKYO);
    await members({ add: ['older'] });
    await t.tickAt(IN_BERLIN);
    expect(await t.ledger(id)).toEqual(['younger queued', 'older suppressed duplicate_address']);
  });

  it('also where one of them had to wait', async () => {
    await household({ older: 'Asia/Tokyo', younger: 'Europe/Berlin' });
    await members({ add: ['older', 'younger'] });
    await t.http.put('/v1/fatigue-policy').set(auth(t.adminKey)).send({ quietHours: [{ channel: 'email', start: '18:30', end: '09:00' }] }).expect(200);
    const id = await mailed({ onFatigue: 'defer', expiresAfter: 'P2D' });
    await t.tickAt(IN_TOKYO);
    await members({ remove: ['older'] });
    await t.http.put('/v1/fatigue-policy').set(auth(t.adminKey)).send({}).expect(200);
    await t.tickAt(IN_BERLIN);
    expect(await t.ledger(id)).toEqual(['older deferred quiet_hours', 'younger queued']);
    await members({ add: ['older'] });
    await t.tickAt('2026-03-04T00:00:00Z');
    expect((await t.ledger(id)).sort()).toEqual(['older suppressed duplicate_address', 'younger queued']);
  });

  it('the address of whoever is held out is left in peace', async () => {
    await household({ older: 'Asia/Tokyo', younger: 'Europe/Berlin' });
    await members({ add: ['older', 'younger'] });
    const id = await mailed();
    await t.tickAt(IN_TOKYO);
    await t.db.raw(`update deliveries set state = 'held_out', counted_at = null, chunk_id = null`);
    await members({ remove: ['older'] });
    await t.tickAt(IN_BERLIN);
    expect(await t.ledger(id)).toEqual(['older held_out', 'younger suppressed duplicate_address']);
  });

  it('what never left by the one user may go to the other', async () => {
    await household({ older: 'Asia/Tokyo', younger: 'Europe/Berlin' });
    await members({ add: ['older', 'younger'] });
    const id = await mailed();
    await t.tickAt(IN_TOKYO);
    await t.db.raw(`update deliveries set state = 'failed', reason = 'provider_rejected', counted_at = null, settled_at = decided_at`);
    await members({ remove: ['older'] });
    await t.tickAt(IN_BERLIN);
    expect(await t.ledger(id)).toEqual(['older failed provider_rejected', 'younger queued']);
  });
});
