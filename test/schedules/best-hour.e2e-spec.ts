import { jest } from '@jest/globals';
import fc from 'fast-check';
import { assignmentBucket } from '../../src/experiments/index.js';
import { BucketPass } from '../../src/planning/bucket-pass.js';
import { Planner } from '../../src/planning/planner.js';
import { SendTimeCurves } from '../../src/planning/send-times.js';
import { allowedSlots, chooseSlot, hourOfWeek, type SlotCount } from '../../src/planning/send-time.js';
import { putPolicy } from '../factories/campaigns.js';
import { startSchedules, type SchedulesUnderTest } from './fixture.js';

const RUNS = Number(process.env.RAPPORT_PROPERTY_RUNS ?? 8);
const DAY = { type: 'bestHour', date: '2026-03-03', from: '08:00', to: '22:00' } as const;
const PEOPLE = Array.from({ length: 12 }, (_, i) => `p${i}`);

let t: SchedulesUnderTest;
beforeAll(async () => (t = await startSchedules()));
afterAll(() => t?.close());
beforeEach(async () => {
  await t.clear();
  await putPolicy(t, {});
});

/** Messages at 30 minutes past the local hour of Tuesdays before, `answered` of them opened. */
async function history(userId: string, hour: number, sent: number, answered: number): Promise<void> {
  await t.db.raw(`select ensure_month_partition('deliveries', '2026-02-01')`);
  await t.db.raw(
    `with d as (
       insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at, policy_version, state, channel)
       select '2026-02-01', u.id, -1000 - nextval('chunk_id_seq'), 0, 0, 1, x.at, x.at, x.at, x.at, x.at, 0, 'sent', 'push'
       from users u, generate_series(1, $3::integer) n,
         lateral (select ('2026-02-24'::timestamp + $2::integer * interval '1 hour' + interval '30 minutes') at time zone u.timezone as at) x
       where u.user_id = $1
       returning user_id, id, settled_at)
     insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, opened_at, updated_at)
     select '2026-02-01', user_id, id, 0, 0, 'push', settled_at, settled_at from (select d.*, row_number() over (order by id) as n from d) d where n <= $4::integer`,
    [userId, hour, sent, answered]);
}

/** Hour of the local day at which each got it. */
async function hours(campaignId: string): Promise<Record<string, number>> {
  for (let hour = 0; hour < 30; hour++) await t.tickAt(new Date(Date.parse('2026-03-02T20:00:00Z') + hour * 3_600_000).toISOString());
  const rows = await t.db.raw<{ user: string; hour: number }>(
    `select u.user_id as user, extract(hour from d.due_at at time zone u.timezone)::integer as hour from deliveries d join users u on u.id = d.user_id where d.campaign_id = $1`, [campaignId]);
  return Object.fromEntries(rows.map(({ user, hour }) => [user, hour]));
}

it('sends each at the hour that the pure function chooses: the own one, the audience’s, or one to learn from', async () => {
  const anyHistory = fc.array(fc.record({ person: fc.nat(PEOPLE.length - 1), hour: fc.integer({ min: 6, max: 23 }), sent: fc.integer({ min: 1, max: 60 }), share: fc.constantFrom(0, 0.2, 0.5, 1) }), { maxLength: 12 });
  await fc.assert(fc.asyncProperty(anyHistory, fc.constantFrom('Europe/Berlin', 'Asia/Kathmandu', 'Pacific/Kiritimati'), async (rows, zone) => {
    await t.clear();
    await t.people(Object.fromEntries(PEOPLE.map((id) => [id, zone])));
    const counts = new Map<string, SlotCount[]>();
    for (const { person, hour, sent, share } of rows) {
      if (counts.get(PEOPLE[person]!)?.some(({ how }) => how === 24 + hour)) continue;
      await history(PEOPLE[person]!, hour, sent, Math.floor(sent * share));
      counts.set(PEOPLE[person]!, [...(counts.get(PEOPLE[person]!) ?? []), { how: 24 + hour, sent, answered: Math.floor(sent * share) }]);
    }
    const id = await t.launched(DAY);
    const actual = await hours(id);
    const [{ salt }] = await t.db.raw<{ salt: string }>('select salt from campaigns where id = $1', [id]) as [{ salt: string }];
    const [curve] = await t.db.raw<{ curve: number[]; kappa: number }>('select curve, kappa from send_time_curves') as [{ curve: number[]; kappa: number }];
    const { slots, defaultSlot } = allowedSlots(DAY, zone, curve, []);
    for (const person of PEOPLE) {
      const slot = chooseSlot(slots, defaultSlot, counts.get(person) ?? [], curve.kappa, assignmentBucket(`${salt}:send-time`, person));
      expect([person, actual[person]]).toEqual([person, 8 + slot]);
    }
  }), { numRuns: RUNS });
}, 300_000);

it('respects quiet hours and leaves nobody out', async () => {
  await t.people(Object.fromEntries(PEOPLE.map((id) => [id, 'Europe/Berlin'])));
  await putPolicy(t, { quietHours: [{ channel: 'push', start: '09:00', end: '22:30', days: ['tue'] }] });
  for (const person of PEOPLE) await history(person, 19, 20, 20);
  const actual = await hours(await t.launched(DAY));
  expect(actual).toEqual(Object.fromEntries(PEOPLE.map((id) => [id, 8])));
  expect(await t.db.raw(`select from deliveries where campaign_id > 0 and state <> 'queued'`)).toEqual([]);
});

it('Tuesday is the second day of the week', () => expect(hourOfWeek(Date.parse('2026-03-03T08:00:00Z'))).toBe(32));

it('whatever ranks lower waits until the hour can be chosen, where a run falls due after its round began', async () => {
  await t.people(Object.fromEntries(PEOPLE.map((id) => [id, 'Europe/Berlin'])));
  await putPolicy(t, { caps: [{ key: 'one', channel: 'push', limit: 1, window: { type: 'rolling', duration: 'P1D' } }] });
  const best = await t.launched(DAY, { priority: 90 });
  const lower = await t.launched({ type: 'at', at: '2026-03-03T07:00:00Z' }, { priority: 10 });
  await t.loop('campaign-scheduler');
  t.clock.set('2026-03-03T07:00:00Z');
  expect(await t.app.get(BucketPass).run(0)).toMatchObject({ busy: true, curveless: true, chunkIds: [] });
  expect(await t.db.raw('select from deliveries')).toEqual([]);
  // As where it falls due between the first bucket of a round and this one.
  jest.spyOn(t.app.get(SendTimeCurves), 'prepare').mockResolvedValueOnce(undefined);
  await t.app.get(Planner).tick();
  const higher = await t.ledger(best);
  expect(higher.length).toBeGreaterThan(0);
  expect((await t.ledger(lower)).filter((row) => row.endsWith('queued'))).toHaveLength(PEOPLE.length - higher.length);
});

it('a run whose curve cannot be computed stops no other', async () => {
  await t.people({ ada: 'Europe/Berlin' });
  const best = await t.launched(DAY, { priority: 90 });
  const lower = await t.launched({ type: 'at', at: '2026-03-03T07:00:00Z' }, { priority: 10 });
  const failing = jest.spyOn(t.app.get(SendTimeCurves), 'compute').mockRejectedValue(new Error('not today'));
  await t.tickAt('2026-03-03T07:00:00Z');
  expect(await t.ledger(lower)).toEqual(['ada queued']);
  expect(await t.ledger(best)).toEqual([]);
  failing.mockRestore();
  for (let hour = 7; hour < 22; hour++) await t.tickAt(new Date(Date.parse('2026-03-03T00:00:00Z') + hour * 3_600_000).toISOString());
  expect(await t.ledger(best)).toEqual(['ada queued']);
});
