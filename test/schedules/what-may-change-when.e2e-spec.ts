import { readFileSync } from 'node:fs';
import { createCampaign, launch } from '../factories/campaigns.js';
import { startLife, type LifeUnderTest } from '../fatigue/sending-life.js';
import { auth } from '../support/test-app.js';

const DOCUMENT = readFileSync(new URL('../../docs/lifecycles.md', import.meta.url), 'utf8');

let t: LifeUnderTest;
beforeAll(async () => {
  t = await startLife();
  await t.http.post('/v1/templates').set(auth(t.keys.marketer))
    .send({ key: 'other', channel: 'push', defaultLocale: 'en', content: { en: { title: 'Hello again', body: 'News' } } }).expect(201);
});
afterAll(() => t?.close());
beforeEach(async () => {
  await t.clear();
  await t.people({ berlin: 'Europe/Berlin', newyork: 'America/New_York' });
});

const verb = (id: string, name: string) => t.http.post(`/v1/campaigns/${id}/${name}`).set(auth(t.keys.marketer)).send({}).expect(200);
const patch = (id: string, body: object) => t.http.patch(`/v1/campaigns/${id}`).set(auth(t.keys.marketer)).send(body);
const waves = async (id: string) => (await t.db.raw<{ at: Date }>('select due_at as at from waves where campaign_id = $1 order by due_at', [id])).map(({ at }) => at.toISOString());
const paused = async (schedule: object): Promise<string> => {
  const id = await t.launched(schedule);
  await verb(id, 'pause');
  return id;
};
/** Paused, with the schedule's first instant come and gone. */
const pausedAfter = async (schedule: object, instant: string): Promise<string> => {
  const id = await t.launched(schedule);
  await t.tickAt(instant);
  await verb(id, 'pause');
  return id;
};

/** One for each row of the table. */
const SCHEDULES: Record<string, () => Promise<void>> = {
  now: async () => {
    const id = await paused({ type: 'now' });
    await patch(id, { schedule: { type: 'now' } }).expect(200);
  },
  at: async () => {
    const at = (instant: string) => ({ schedule: { type: 'at', at: instant } });
    const id = await paused(at('2026-03-02T18:00:00Z').schedule);
    await patch(id, at('2026-03-02T20:00:00Z')).expect(200);
    expect(await waves(id)).toEqual(['2026-03-02T20:00:00.000Z']);
    await patch(id, at('2026-03-02T11:55:00Z')).expect(200);
    expect(await waves(id)).toEqual(['2026-03-02T11:55:00.000Z']);
    const late = await paused(at('2026-03-02T18:00:00Z').schedule);
    await patch(late, at('2026-03-02T11:54:59Z')).expect(409);
    const come = await pausedAfter(at('2026-03-02T18:00:00Z').schedule, '2026-03-02T18:00:00Z');
    await patch(come, at('2026-03-02T20:00:00Z')).expect(409);
  },
  local: async () => {
    const local = (localAt: string) => ({ schedule: { type: 'local', localAt } });
    const id = await paused(local('2026-03-02T19:00').schedule);
    await patch(id, local('2026-03-02T20:00')).expect(200);
    expect(await waves(id)).toEqual(['2026-03-02T19:00:00.000Z', '2026-03-03T01:00:00.000Z']);
    const come = await pausedAfter(local('2026-03-02T19:00').schedule, '2026-03-02T18:00:00Z');
    await patch(come, local('2026-03-02T20:00')).expect(409);
  },
  bestHour: async () => {
    const best = (date: string) => ({ schedule: { type: 'bestHour', date, from: '18:00', to: '20:00' } });
    const id = await paused(best('2026-03-02').schedule);
    await patch(id, best('2026-03-03')).expect(200);
    expect(await waves(id)).toEqual(['17', '18', '23'].map((hour) => `2026-03-03T${hour}:00:00.000Z`).concat('2026-03-04T00:00:00.000Z'));
    const come = await pausedAfter(best('2026-03-02').schedule, '2026-03-02T17:00:00Z');
    await patch(come, best('2026-03-03')).expect(409);
  },
  recurring: async () => {
    const daily = (hour: number) => ({ schedule: { type: 'recurring', cron: `0 ${hour} * * *`, timezone: 'UTC' } });
    const id = await paused(daily(15).schedule);
    await patch(id, daily(16)).expect(200);
    expect(await waves(id)).toEqual(['2026-03-02T16:00:00.000Z']);
    const come = await pausedAfter(daily(15).schedule, '2026-03-02T15:00:00Z');
    await patch(come, daily(16)).expect(200);
    expect(await waves(come)).toEqual(['2026-03-02T15:00:00.000Z', '2026-03-02T16:00:00.000Z']);
  },
  triggered: async () => {
    const after = (delay: string) => ({ schedule: { type: 'triggered', event: 'signup', delay, reentry: 'always' } });
    const id = await t.launched(after('PT1H').schedule);
    await t.event('berlin', 'signup');
    await verb(id, 'pause');
    await patch(id, after('PT3H')).expect(200);
    await verb(id, 'resume');
    await t.event('newyork', 'signup');
    const dues = await t.db.raw<{ at: Date }>('select due_at as at from trigger_entries where campaign_id = $1 order by 1', [id]);
    expect(dues.map(({ at }) => at.toISOString())).toEqual(['2026-03-02T13:00:00.000Z', '2026-03-02T15:00:00.000Z']);
  },
};

/** One for each field that the docs call free to change while paused. */
const FREE: Record<string, object> = {
  name: { name: 'Another' }, tags: { tags: ['spring'] }, topic: { topic: 'news' }, class: { class: 'transactional' },
  audience: { audience: { include: ['everyone'], exclude: [] } }, 'templates of the variants': { variants: [{ key: 'a', template: 'other', weight: 1 }] },
  weights: { variants: [{ key: 'a', template: 'hello', weight: 7 }] }, priority: { priority: 77 }, reserve: { reserve: true }, ignoreCaps: { ignoreCaps: true },
  onFatigue: { onFatigue: 'defer' }, throttlePerMinute: { throttlePerMinute: 100 }, conversion: { conversion: { event: 'purchase', window: 'P3D' } },
  expiresAfter: { expiresAfter: 'PT2H' },
};

const FROZEN: Record<string, object> = {
  channel: { channel: 'email', template: 'mail' }, 'schedule type': { schedule: { type: 'at', at: '2026-04-01T00:00:00Z' } }, holdout: { holdout: 0.5 },
  'variant keys': { variants: [{ key: 'another', template: 'hello', weight: 1 }] },
};

describe('what may change while a campaign is paused', () => {
  it('is written down for every schedule, and every row is tried here', () => {
    const rows = DOCUMENT.split('What may change while a campaign is paused')[1]!.split('Always free')[0]!.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name))).toEqual(Object.keys(SCHEDULES));
  });

  it.each(Object.keys(SCHEDULES))('of a schedule %s', (name) => SCHEDULES[name]!());

  it('is written down for every field, and every field named there is tried here', () => {
    const [sentence] = /Always free to change while paused: ([^]*?) for what is not decided yet/.exec(DOCUMENT)!.slice(1);
    const named = sentence!.replaceAll('`', '').replace(/,? and /, ', ').split(/,\s+/);
    expect(named.sort()).toEqual(Object.keys(FREE).sort());
    const [frozen] = /all but (.*?); the due instant/.exec(DOCUMENT)!.slice(1);
    expect(frozen!.replace(' and ', ', ').split(', ').sort()).toEqual(Object.keys(FROZEN).sort());
  });

  it.each(Object.keys(FREE))('holds %s', async (field) => {
    await patch(await paused({ type: 'now' }), FREE[field]!).expect(200);
  });

  it.each(Object.keys(FROZEN))('does not hold the %s', async (field) => {
    const answer = await patch(await paused({ type: 'now' }), FROZEN[field]!).expect(409);
    expect(answer.body.detail).toContain('While a campaign is paused, these cannot change');
  });

  it.each(['scheduled', 'running', 'cancelled'])('a campaign that is %s changes in nothing', async (state) => {
    const id = await createCampaign(t, state === 'scheduled' ? { schedule: { type: 'at', at: '2026-04-01T00:00:00Z' } } : {});
    await launch(t, id);
    if (state === 'cancelled') await verb(id, 'cancel');
    for (const change of [...Object.values(FREE), ...Object.values(FROZEN)]) await patch(id, change).expect(409);
  });
});
