import { completeDeadRuns } from '../../src/delivery/delivery.store.js';
import { auth } from '../support/test-app.js';
import { BODY, reset, startCampaigns, type CampaignsUnderTest } from './campaign-fixture.js';

const T0 = '2026-03-02T12:00:00.000Z';
const SOON = { schedule: { type: 'at', at: '2026-03-02T14:00:00+01:00' } };
const DUE = '2026-03-02T13:00:00.000Z';

let test: CampaignsUnderTest;
beforeAll(async () => {
  test = await startCampaigns();
});
afterAll(() => test.close());
beforeEach(() => reset(test));

const runs = async (id: string) => (await test.http.get(`/v1/campaigns/${id}/runs`).set(auth(test.keys.marketer)).expect(200)).body.data;
const tick = () => test.loop('campaign-scheduler');
const status = async (id: string) => (await test.read(id)).status;
const verb = async (id: string, name: string, expected = 200) => (await test.post(`/${id}/${name}`).expect(expected)).body;

async function launched(body: object = {}): Promise<string> {
  const { id } = await test.create(body);
  await verb(id, 'launch');
  return id;
}

/** A campaign brought into the state by its own verbs. */
async function inState(state: string, body: object = {}): Promise<string> {
  if (state === 'draft') return (await test.create(body)).id;
  if (state === 'scheduled') return launched({ ...SOON, ...body });
  const id = await launched(body);
  if (state === 'paused') await verb(id, 'pause');
  if (state === 'cancelled') await verb(id, 'cancel');
  if (state === 'completed') {
    await decide(id);
    await tick();
  }
  expect(await status(id)).toBe(state);
  return id;
}

/** What planning does when every bucket is decided. */
const decide = (id: string) => test.db.raw('update waves set decided_at = clock_timestamp() where campaign_id = $1', [id]);

describe('launch', () => {
  it('makes a campaign for now run now, with one run and one wave that planning will find', async () => {
    const { id } = await test.create({ expiresAfter: 'PT6H' });
    expect(await verb(id, 'launch')).toMatchObject({ id, status: 'running', launchedAt: T0, dueAt: T0, updatedAt: T0 });
    expect(await runs(id)).toEqual([{ id: expect.any(String), scheduledFor: T0, expiresAt: '2026-03-02T18:00:00.000Z', completedAt: null, status: 'running' }]);
    const waves = await test.db.raw(`select w.due_at, w.decided_at, w.zones, r.month::text, r.kind, to_regclass('deliveries_202603') is not null as partition
      from waves w join runs r on r.id = w.run_id where r.campaign_id = $1`, [id]);
    expect(waves).toEqual([{ due_at: new Date(T0), decided_at: null, zones: null, month: '2026-03-01', kind: 'regular', partition: true }]);
  });

  it('schedules a campaign for later, and the scheduler runs it when it is due, not a moment before', async () => {
    const { id } = await test.create(SOON);
    expect(await verb(id, 'launch')).toMatchObject({ status: 'scheduled', launchedAt: T0, dueAt: DUE });
    expect((await runs(id))[0]).toMatchObject({ scheduledFor: DUE, expiresAt: '2026-03-03T13:00:00.000Z', status: 'scheduled' });
    test.clock.set('2026-03-02T12:59:59.999Z');
    await tick();
    expect(await status(id)).toBe('scheduled');
    test.clock.set(DUE);
    // Planning may be faster than the tick: a wave that it has decided is due all the same.
    await decide(id);
    await tick();
    expect(['running', 'completed']).toContain(await status(id));
    expect((await runs(id))[0].status).toBe('completed');
  });

  it('puts the run into the month of its due instant by UTC', async () => {
    const id = await launched({ schedule: { type: 'at', at: '2026-05-01T01:30:00+02:00' } });
    expect(await test.db.raw(`select month::text, to_regclass('deliveries_202604') is not null as partition from runs where campaign_id = $1`, [id]))
      .toEqual([{ month: '2026-04-01', partition: true }]);
  });

  it('of 100 at once makes one run, and tells the others', async () => {
    const { id } = await test.create();
    const answers = await Promise.all(Array.from({ length: 100 }, () => test.post(`/${id}/launch`)));
    const codes = answers.map((answer) => answer.status);
    expect(codes.filter((code) => code === 200).length).toBe(1);
    expect(codes.filter((code) => code === 409).length).toBe(99);
    expect(await test.db.raw('select count(*)::int as runs, (select count(*)::int from waves where campaign_id = $1) as waves from runs where campaign_id = $1', [id]))
      .toEqual([{ runs: 1, waves: 1 }]);
  });

  it('is on time up to five minutes after `at`, and refused later with nothing written', async () => {
    const at = (minutesAgo: number) => ({ schedule: { type: 'at', at: new Date(Date.parse(T0) - minutesAgo * 60_000).toISOString() } });
    expect(await verb(await (await test.create(at(5))).id, 'launch')).toMatchObject({ status: 'running', dueAt: '2026-03-02T11:55:00.000Z' });
    const { id } = await test.create(at(6));
    expect((await verb(id, 'launch', 409)).detail).toBe('schedule.at, 2026-03-02T11:54:00.000Z, has passed; give it another time or schedule it now.');
    expect([await status(id), await runs(id)]).toEqual(['draft', []]);
  });

  it('looks again at what the definition names, as do resume and duplicate; pause and cancel never refuse to stop it', async () => {
    const body = { template: 'winback-2', audience: { include: ['at-risk'], exclude: ['staff'] } };
    const draft = (await test.create(body)).id;
    const [paused, running] = [await inState('paused', body), await launched(body)];
    await test.db.raw(`delete from templates where key = 'winback-2'`);
    await test.db.raw(`delete from segments where key = 'staff'`);
    const detail = 'The campaign refers to what is not there: audience.exclude[0]: there is no segment staff; variants[0].template: there is no template winback-2.';
    for (const [id, name] of [[draft, 'launch'], [paused, 'resume'], [draft, 'duplicate']] as const) {
      expect((await verb(id, name, 409)).detail).toBe(detail);
    }
    expect([await status(draft), await runs(draft), await status(paused)]).toEqual(['draft', [], 'paused']);
    await verb(running, 'pause');
    await verb(running, 'cancel');
    await verb(paused, 'cancel');
  });
});

describe('verbs by state', () => {
  const LEGAL: Record<string, string[]> = {
    draft: ['launch', 'duplicate', 'DELETE', 'PATCH'], scheduled: ['pause', 'cancel', 'duplicate'], running: ['pause', 'cancel', 'duplicate'],
    paused: ['resume', 'cancel', 'duplicate', 'PATCH'], completed: ['duplicate'], cancelled: ['duplicate'],
  };

  it.each(Object.keys(LEGAL))('%s', async (state) => {
    for (const name of ['launch', 'pause', 'resume', 'cancel', 'duplicate', 'DELETE', 'PATCH']) {
      const id = await inState(state);
      const answer = name === 'DELETE' ? await test.http.delete(`/v1/campaigns/${id}`).set(auth(test.keys.marketer))
        : name === 'PATCH' ? await test.patch(id, { priority: 51 }) : await test.post(`/${id}/${name}`);
      expect([name, answer.status < 300]).toEqual([name, LEGAL[state]!.includes(name)]);
      if (answer.status >= 300) {
        expect([answer.status, answer.body.detail]).toEqual([409, expect.stringContaining(`A campaign that is ${state} cannot`)]);
        expect(await status(id)).toBe(state);
      }
    }
  });

  it('resume leads back to where the pause came from', async () => {
    const scheduled = await inState('scheduled');
    const running = await inState('running');
    for (const [id, before] of [[scheduled, 'scheduled'], [running, 'running']] as const) {
      expect((await verb(id, 'pause')).status).toBe('paused');
      expect((await runs(id))[0].status).toBe('paused');
      expect((await verb(id, 'resume')).status).toBe(before);
    }
  });

  it('of 50 pauses and cancels at once each campaign ends in one state that its history allows', async () => {
    const id = await inState('running');
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => test.post(`/${id}/${i % 2 ? 'pause' : 'cancel'}`)));
    const done = answers.flatMap((answer, i) => (answer.status === 200 ? [i % 2 ? 'pause' : 'cancel'] : []));
    expect(done.filter((name) => name === 'cancel')).toEqual(['cancel']);
    expect(done.filter((name) => name === 'pause').length).toBeLessThan(2);
    expect(await status(id)).toBe('cancelled');
    expect((await runs(id))[0].status).toBe('cancelled');
  });

  it('duplicate makes a draft of the same definition', async () => {
    const id = await inState('completed', { name: 'n'.repeat(200), tags: ['x'], holdout: 0.2 });
    const copy = await verb(id, 'duplicate', 201);
    const { id: _, name, status: __, ...original } = await test.read(id);
    expect(copy).toMatchObject({ ...original, status: 'draft', dueAt: null, launchedAt: null, completedAt: null, name: `${'n'.repeat(193)} (copy)` });
    expect(copy.id).not.toBe(id);
    expect(await runs(copy.id)).toEqual([]);
  });

  it('a deleted draft is gone, with the test runs it had, once they are sent', async () => {
    const id = await inState('draft');
    await test.db.raw(`with r as (insert into runs (campaign_id, scheduled_for, kind, month, expires_at) values ($1, now(), 'test', '2026-03-01', now()) returning id),
        w as (insert into waves (run_id, campaign_id, due_at) select id, $1, now() from r returning id, run_id)
      insert into chunks (month, run_id, wave_id, campaign_id, channel, bucket, size, not_before) select '2026-03-01', run_id, id, $1, 'push', 0, 1, now() from w`, [id]);
    const remove = () => test.http.delete(`/v1/campaigns/${id}`).set(auth(test.keys.marketer));
    expect((await remove().expect(409)).body.detail).toContain('still being sent');
    expect(await runs(id)).toEqual([]);
    await test.db.raw('update chunks set closed_at = now() where campaign_id = $1', [id]);
    await remove().expect(204);
    await remove().expect(404);
  });
});

describe('changing a campaign', () => {
  it('a draft may change in everything', async () => {
    const { id } = await test.create({ throttlePerMinute: 60, conversion: { event: 'purchase', window: 'P3D' } });
    test.clock.advance({ minutes: 1 });
    const { body } = await test.patch(id, {
      name: 'Letter', channel: 'email', topic: 'news', template: 'letter', holdout: 0.5, throttlePerMinute: null, conversion: null, priority: 99, ...SOON,
    }).expect(200);
    expect(body).toMatchObject({ name: 'Letter', channel: 'email', topic: 'news', variants: [{ key: 'a', template: 'letter', weight: 1 }], holdout: 0.5, dueAt: DUE, updatedAt: '2026-03-02T12:01:00.000Z' });
    expect(body).not.toHaveProperty('conversion');
    const [row] = await test.db.raw<object>(`select c.name, c.channel, c.transactional, c.priority, t.key from campaigns c join topics t on t.id = c.topic_id where c.id = $1`, [id]);
    expect(row).toEqual({ name: 'Letter', channel: 'email', transactional: false, priority: 99, key: 'news' });
    expect((await test.patch(id, {}).expect(200)).body).toEqual(body);
  });

  it('what the new whole would contradict is refused: a channel without its templates', async () => {
    const { id } = await test.create();
    const answer = await test.patch(id, { channel: 'email' }).expect(400);
    expect(answer.body.errors).toEqual([{ path: 'variants[0].template', message: 'the template winback is for push' }]);
  });

  it('while paused all but what its rows were decided by', async () => {
    const id = await inState('paused');
    const fine = { name: 'x', priority: 1, tags: ['t'], topic: 'news', template: 'winback-2', audience: { include: ['staff'] }, ignoreCaps: true, onFatigue: 'defer', throttlePerMinute: 5 };
    expect((await test.patch(id, fine).expect(200)).body).toMatchObject({ status: 'paused', priority: 1, topic: 'news' });
    const refused: [object, string][] = [
      [{ channel: 'email', template: 'letter' }, 'channel'], [SOON, 'schedule.type'], [{ holdout: 0.1 }, 'holdout'],
      [{ variants: [{ key: 'b', template: 'winback' }] }, 'the variants’ keys'],
    ];
    for (const [change, what] of refused) {
      expect((await test.patch(id, change).expect(409)).body.detail).toBe(`While a campaign is paused, these cannot change: ${what}.`);
    }
  });

  it('moves the due instant of a paused campaign that is not due yet, and its expiry', async () => {
    const id = await inState('scheduled');
    await verb(id, 'pause');
    await test.patch(id, { schedule: { type: 'at', at: '2026-04-01T00:00:00Z' }, expiresAfter: 'PT1H' }).expect(200);
    expect(await runs(id)).toMatchObject([{ scheduledFor: '2026-04-01T00:00:00.000Z', expiresAt: '2026-04-01T01:00:00.000Z' }]);
    expect(await test.db.raw('select r.month::text, w.due_at from runs r join waves w on w.run_id = r.id where r.campaign_id = $1', [id]))
      .toEqual([{ month: '2026-04-01', due_at: new Date('2026-04-01T00:00:00Z') }]);
    expect((await test.patch(id, { schedule: { type: 'at', at: '2026-03-02T11:00:00Z' } }).expect(409)).body.detail).toContain('has passed');
    test.clock.set('2026-04-01T00:00:00Z');
    expect((await test.patch(id, { schedule: { type: 'at', at: '2026-04-02T00:00:00Z' } }).expect(409)).body.detail).toContain('has been due since');
    expect((await test.patch(id, { priority: 7 }).expect(200)).body.dueAt).toBe('2026-04-01T00:00:00.000Z');
  });

  it('another template takes the place of the one that the run had frozen', async () => {
    const id = await inState('paused', { template: undefined, variants: [{ key: 'a', template: 'winback' }, { key: 'b', template: 'winback' }] });
    await test.db.raw(`insert into run_variants (run_id, variant, template_id, template_version)
      select r.id, v, t.id, 2 from runs r, templates t, generate_series(0, 1) v where r.campaign_id = $1 and t.key = 'winback'`, [id]);
    await test.patch(id, { variants: [{ key: 'a', template: 'winback' }, { key: 'b', template: 'winback-2' }] }).expect(200);
    expect(await test.db.raw('select v.variant, t.key, v.template_version from run_variants v join templates t on t.id = v.template_id order by 1'))
      .toEqual([{ variant: 0, key: 'winback', template_version: 2 }, { variant: 1, key: 'winback-2', template_version: 1 }]);
  });

  it('an edit and a launch at the same time follow one another: what runs is what is shown', async () => {
    for (let i = 0; i < 10; i++) {
      const { id } = await test.create();
      const [launch, patch] = await Promise.all([test.post(`/${id}/launch`), test.patch(id, SOON)]);
      expect(launch.status).toBe(200);
      const { dueAt, schedule } = await test.read(id);
      expect([patch.status, schedule, dueAt]).toEqual(patch.status === 200 ? [200, SOON.schedule, DUE] : [409, { type: 'now' }, T0]);
    }
  });
});

describe('completion', () => {
  const ledger = (id: string, state: string, extra = '') => test.db.raw(`insert into deliveries
      (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, policy_version, channel, state, free_at, reason)
    select r.month, 1, r.id, w.id, r.campaign_id, ${state === 'queued' ? 1 : 'null'}, now(), now(), now(), 0, 'push', '${state}',
      ${state === 'deferred' ? 'now(), \'frequency_cap\'' : 'null, null'}
    from runs r join waves w on w.run_id = r.id where r.campaign_id = $1 ${extra}`, [id]);
  const settle = (id: string) => test.db.raw(`update deliveries set state = 'sent', free_at = null where campaign_id = $1`, [id]);

  it('comes when no wave is undecided, no chunk open and nobody deferred or queued; each of these holds it open', async () => {
    const [undecided, chunk, deferred, queued, done] = await Promise.all([1, 2, 3, 4, 5].map(() => launched()));
    for (const id of [chunk, deferred, queued, done]) await decide(id!);
    await test.db.raw(`insert into chunks (month, run_id, wave_id, campaign_id, channel, bucket, size, not_before)
      select r.month, r.id, w.id, r.campaign_id, 'push', 0, 1, now() from runs r join waves w on w.run_id = r.id where r.campaign_id = $1`, [chunk]);
    await ledger(deferred!, 'deferred');
    await ledger(queued!, 'queued');
    await ledger(done!, 'sent');
    test.clock.advance({ minutes: 10 });
    await tick();
    expect(await Promise.all([undecided, chunk, deferred, queued, done].map((id) => status(id!)))).toEqual(['running', 'running', 'running', 'running', 'completed']);
    expect(await test.read(done!)).toMatchObject({ completedAt: '2026-03-02T12:10:00.000Z' });
    expect(await runs(done!)).toMatchObject([{ completedAt: '2026-03-02T12:10:00.000Z', status: 'completed' }]);
    await decide(undecided!);
    await test.db.raw('update chunks set closed_at = now()');
    for (const id of [deferred, queued]) await settle(id!);
    await tick();
    expect(await Promise.all([undecided, chunk, deferred, queued].map((id) => status(id!)))).toEqual(Array(4).fill('completed'));
  });

  it('waits while paused and comes after the resume, and test runs neither hold nor bring it', async () => {
    const id = await launched();
    await test.db.raw(`insert into runs (campaign_id, scheduled_for, kind, month, expires_at) values ($1, now(), 'test', '2026-03-01', now())`, [id]);
    await verb(id, 'pause');
    await decide(id);
    await tick();
    expect(await status(id)).toBe('paused');
    await verb(id, 'resume');
    await tick();
    expect(await status(id)).toBe('completed');
    const draft = (await test.create()).id;
    await test.db.raw(`insert into runs (campaign_id, scheduled_for, kind, month, expires_at) values ($1, now(), 'test', '2026-03-01', now())`, [draft]);
    await tick();
    expect(await status(draft)).toBe('draft');
  });

  it('closes the runs of a cancelled campaign once its rows are swept, and a pass that was under way has committed', async () => {
    const id = await launched();
    await ledger(id, 'deferred');
    await verb(id, 'cancel');
    const closed = async () => (await runs(id))[0].completedAt !== null;
    await settle(id);
    await test.db.query(completeDeadRuns, { now: test.clock.now() });
    await tick();
    expect(await closed()).toBe(false);
    test.clock.advance({ minutes: 2 });
    await test.db.raw(`update deliveries set state = 'deferred', free_at = now(), reason = 'frequency_cap' where campaign_id = $1`, [id]);
    await tick();
    expect(await closed()).toBe(false);
    await settle(id);
    await tick();
    expect([await closed(), await status(id)]).toEqual([true, 'cancelled']);
  });
});

describe('the list', () => {
  it('filters by status, tag and due instant, and pages newest first', async () => {
    const at = (time: string) => ({ schedule: { type: 'at', at: time } });
    const march = await test.create({ name: 'march', tags: ['spring', 'x'], ...at('2026-03-10T00:00:00Z') });
    const april = (await launched({ name: 'april', tags: ['spring'], ...at('2026-04-10T02:00:00+02:00') }));
    const today = await launched({ name: 'today' });
    const undated = await test.create({ name: 'undated' });
    const ids = async (query: string): Promise<string[]> =>
      (await test.http.get(`/v1/campaigns?${query}`).set(auth(test.keys.analyst)).expect(200)).body.data.map(({ id }: { id: string }) => id);
    expect(await ids('')).toEqual([undated.id, today, april, march.id]);
    expect(await ids('status=draft')).toEqual([undated.id, march.id]);
    expect(await ids('tag=spring')).toEqual([april, march.id]);
    expect(await ids('tag=spring&status=scheduled')).toEqual([april]);
    expect(await ids('from=2026-03-10T00:00:00Z')).toEqual([april, march.id]);
    expect(await ids('to=2026-04-10T00:00:00Z')).toEqual([today, march.id]);
    expect(await ids('from=2026-03-02T12:00:00Z&to=2026-03-02T12:00:01Z')).toEqual([today]);
    const first = (await test.http.get('/v1/campaigns?limit=3').set(auth(test.keys.analyst)).expect(200)).body;
    expect(first.data.length).toBe(3);
    expect(await ids(`limit=3&cursor=${first.nextCursor}`)).toEqual([march.id]);
    expect(first.data[0]).toEqual(await test.read(undated.id));
  });
});

it('the same Idempotency-Key makes one draft', async () => {
  const send = () => test.post('', BODY).set('Idempotency-Key', 'k1');
  const [first, second] = [await send(), await send()];
  expect([second.body.id, second.headers['idempotent-replayed']]).toEqual([first.body.id, 'true']);
});
