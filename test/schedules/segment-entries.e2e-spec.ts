import { jest } from '@jest/globals';
import { TriggerEntries } from '../../src/planning/triggers/trigger-entries.js';
import { startSchedules, type SchedulesUnderTest } from './fixture.js';

/** One more than the triggers read at a time. */
const MORE_THAN_A_PAGE = 10_001;

let t: SchedulesUnderTest;
beforeAll(async () => (t = await startSchedules()));
afterAll(() => t?.close());
afterEach(() => jest.restoreAllMocks());
beforeEach(async () => {
  await t.clear();
  await t.db.raw(`insert into segments (key, name, static) values ('vip', 'VIP', true)`);
  await t.people({ ada: null, bob: null });
});

const launched = (reentry: string) => t.launched({ type: 'triggered', segment: 'vip', reentry });

/** As the segments log entries: `count` for each of the users, in order of their internal ids. */
const enters = (userIds: string, at: string, count = 1) => t.db.raw(
  `insert into segment_changes (segment_id, user_id, entered, cause, at)
   select (select id from segments where key = 'vip'), u.id, true, 'profile', $2 from users as u, generate_series(1, $3::integer)
   where u.user_id ~ $1 order by u.id`, [`^${userIds}$`, at, count]);

const entries = async (id: string, userIds = '.*') => (await t.db.raw<{ at: Date }>(
  `select e.entered_at as at from trigger_entries as e join users as u on u.id = e.user_id
   where e.campaign_id = $1 and u.user_id ~ $2 order by e.entered_at`, [id, `^${userIds}$`])).map(({ at }) => at.toISOString());

describe('entries into the segment of a triggered campaign', () => {
  it('are not hidden by however many that reentry refuses', async () => {
    const id = await launched('never');
    await enters('ada', '2026-03-02T12:01:00Z');
    await t.tickAt('2026-03-02T12:02:00Z');
    await enters('ada', '2026-03-02T12:03:00Z', MORE_THAN_A_PAGE);
    await enters('bob', '2026-03-02T12:03:00Z');
    for (const instant of ['2026-03-02T12:04:00Z', '2026-03-02T12:15:00Z']) await t.tickAt(instant);
    expect(await t.ledger(id)).toEqual(['ada queued', 'bob queued']);
  });

  it('are all let in after the triggers have stood still, however many there are', async () => {
    await t.db.raw(`insert into users (id, user_id, created_at) select nextval('user_id_seq'), 'many-' || n, now() from generate_series(1, $1::integer) as n`, [MORE_THAN_A_PAGE]);
    const id = await launched('P1D');
    await enters('many-.*', '2026-03-02T12:01:00Z');
    await t.tickAt('2026-03-02T13:00:00Z');
    expect(await entries(id)).toHaveLength(MORE_THAN_A_PAGE);
  });

  it('of one user count in the order of time, though a page ends between them and the later one was logged first', async () => {
    const id = await launched('never');
    await enters('ada', '2026-03-02T12:01:00Z', MORE_THAN_A_PAGE - 2);
    await enters('bob', '2026-03-02T12:05:00Z');
    await enters('bob', '2026-03-02T12:02:00Z');
    await t.tickAt('2026-03-02T12:06:00Z');
    expect(await entries(id, 'bob')).toEqual(['2026-03-02T12:02:00.000Z']);
  });

  it('are not lost where reading them is cut short after a page', async () => {
    const id = await launched('never');
    await enters('ada', '2026-03-02T12:01:00Z', MORE_THAN_A_PAGE);
    await enters('bob', '2026-03-02T12:01:00Z');
    const { admit } = TriggerEntries.prototype;
    jest.spyOn(t.app.get(TriggerEntries), 'admit').mockImplementationOnce(admit.bind(t.app.get(TriggerEntries))).mockRejectedValueOnce(new Error('cut short'));
    await t.tickAt('2026-03-02T12:02:00Z');
    expect(await t.ledger(id)).toEqual(['ada queued']);
    await t.tickAt('2026-03-02T13:00:00Z');
    expect(await t.ledger(id)).toEqual(['ada queued', 'bob queued']);
  });

  it('are read for the other campaigns where one’s cannot be', async () => {
    await t.db.raw(`insert into segments (key, name, static) values ('club', 'Club', true)`);
    const [faulty, sound] = [await launched('never'), await t.launched({ type: 'triggered', segment: 'club', reentry: 'never' })];
    await enters('ada', '2026-03-02T12:01:00Z');
    await t.db.raw(`insert into segment_changes (segment_id, user_id, entered, cause, at)
      select (select id from segments where key = 'club'), u.id, true, 'profile', '2026-03-02T12:01:00Z' from users as u where u.user_id = 'bob'`);
    const { admit } = TriggerEntries.prototype;
    const admitSpy = jest.spyOn(t.app.get(TriggerEntries), 'admit').mockImplementation(async (tx, campaigns, now) => {
      if (campaigns[0]!.campaign.id === faulty) throw new Error('a fault of this campaign');
      return admit.call(t.app.get(TriggerEntries), tx, campaigns, now);
    });
    await t.tickAt('2026-03-02T12:02:00Z');
    expect([await t.ledger(faulty), await t.ledger(sound)]).toEqual([[], ['bob queued']]);
    admitSpy.mockRestore();
    await t.tickAt('2026-03-02T12:03:00Z');
    expect(await t.ledger(faulty)).toEqual(['ada queued']);
  });

  it('keep no event waiting until the last of very many is read', async () => {
    const greeting = await t.launched({ type: 'triggered', event: 'signup', reentry: 'always' });
    await launched('never');
    await enters('ada', '2026-03-02T12:01:00Z', MORE_THAN_A_PAGE);
    await enters('bob', '2026-03-02T12:01:00Z');
    await t.event('ada', 'signup');
    const { admit } = TriggerEntries.prototype;
    const greeted: string[][] = [];
    jest.spyOn(t.app.get(TriggerEntries), 'admit').mockImplementation(async (...page) => {
      greeted.push(await t.ledger(greeting));
      return admit.apply(t.app.get(TriggerEntries), page);
    });
    await t.tickAt('2026-03-02T12:02:00Z');
    expect(greeted).toEqual([[], ['ada queued']]);
  });

  it('are let in again once reentry has passed, to the millisecond', async () => {
    const id = await launched('PT5M');
    await enters('ada|bob', '2026-03-02T12:01:00Z');
    await t.tickAt('2026-03-02T12:01:00Z');
    await enters('ada', '2026-03-02T12:05:59.999Z');
    await enters('bob', '2026-03-02T12:06:00Z');
    for (const instant of ['2026-03-02T12:06:00Z', '2026-03-02T12:07:00Z']) await t.tickAt(instant);
    expect([await entries(id, 'ada'), await entries(id, 'bob')]).toEqual([['2026-03-02T12:01:00.000Z'], ['2026-03-02T12:01:00.000Z', '2026-03-02T12:06:00.000Z']]);
  });
});
