import fc from 'fast-check';
import { assignmentBucket, holdoutBuckets, inHoldout, variantIndex } from '../../src/experiments/index.js';
import { compareRank, decideUser, type Decision, type DueRow, type World } from '../../src/fatigue/index.js';
import { Installation } from '../../src/platform/auth/index.js';
import { worthPrices } from '../../src/planning/worth-parameters.js';
import { Scores, worthOf } from '../../src/scoring/index.js';
import { DEFAULT_SETTINGS } from '../../src/settings/index.js';
import { parseDuration } from '../../src/platform/time/index.js';
import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';
import { NOW, TOPICS, settledAt, world as anyWorld, type CampaignSpec, type GeneratedWorld, type Person } from './generated-world.js';

const RUNS = Number(process.env.RAPPORT_PROPERTY_RUNS ?? 60);
const DAY_MS = 86_400_000;
const durationMs = (text: string): number => parseDuration(text)!;

interface Placed {
  campaignId: string;
  salt: string;
  spec: CampaignSpec;
}

interface LedgerRow {
  person: number;
  campaignId: string;
  state: string;
  reason: string | null;
  cap: number | null;
  freeAt: Date | null;
  variant: number;
  netWorth: number | null;
}

describe('the bucket pass', () => {
  let t: TestApp;
  let topicIds: Map<string, number>;
  let globalSalt: string;
  beforeAll(async () => {
    t = await startTestApp();
    t.clock.set(NOW);
    for (const key of TOPICS) await t.http.put(`/v1/topics/${key}`).set(auth(t.keys.marketer)).send({ name: { en: key } }).expect(200);
    await template('hello', 'push', { title: 'Hello', body: 'News' });
    await template('mail', 'email', { subject: 'Hello', html: '<p>News</p>' });
    await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key: 'tier', name: 'Tier', static: true }).expect(201);
    topicIds = new Map((await t.db.raw<{ key: string; id: number }>('select key, id from topics')).map(({ key, id }) => [key, id]));
    globalSalt = `global-holdout:${t.app.get(Installation).key('global-holdout').toString('hex')}`;
  });
  afterAll(() => t?.close());

  const template = (key: string, channel: string, content: object) => t.http.post('/v1/templates').set(auth(t.keys.marketer))
    .send({ key, channel, defaultLocale: 'en', content: { en: content } }).expect(201);

  it(`decides as the pure oracle does, row by row, in ${RUNS} generated worlds`, async () => {
    const seen = new Map<string, number>();
    let priced = 0;
    await fc.assert(fc.asyncProperty(anyWorld, async (world) => {
      await clear();
      const placed = await place(world);
      await t.loop('planner');
      const rows = await readLedger();
      for (const [i, person] of world.people.entries()) {
        const expected = expectation(world, person, i, placed);
        const actual = rows.filter((row) => row.person === i);
        expect(shown(actual, placed)).toEqual(expected);
        for (const { campaignId, netWorth } of actual) {
          if (netWorth === null) continue;
          expect(netWorth).toBeCloseTo(netWorthOf(world, person, placed.find((p) => p.campaignId === campaignId)!), 9);
          priced++;
        }
        for (const row of expected) seen.set(row.reason ?? row.state, (seen.get(row.reason ?? row.state) ?? 0) + 1);
      }
    }), { numRuns: RUNS, ...(process.env.RAPPORT_PROPERTY_SEED ? { seed: Number(process.env.RAPPORT_PROPERTY_SEED) } : {}) });
    // The generator must reach every gate, or agreement would mean little.
    const gates = ['global_holdout', 'suppressed_address', 'unsubscribed', 'no_device', 'permission_denied', 'stale_device', 'no_email',
      'quiet_hours', 'minimum_gap', 'frequency_cap', 'outranked', 'not_worth_it', 'queued', 'held_out'];
    expect(gates.filter((gate) => !seen.has(gate))).toEqual([]);
    expect(priced).toBeGreaterThan(RUNS);
  }, 300_000);

  async function clear(): Promise<void> {
    await t.db.raw(`truncate users, devices, subscriptions, subscription_log, suppressions, deliveries, chunks, slices, wave_buckets, waves,
      run_variants, runs, campaign_pace, campaigns, segment_members, segment_changes, message_facts, conversions, decision_worth, user_scores restart identity cascade`);
    await t.db.raw(`select setval('user_id_seq', 1, false)`);
  }

  async function place(world: GeneratedWorld): Promise<Placed[]> {
    await t.http.patch('/v1/settings').set(auth(t.adminKey)).send({ consent: world.consent, globalHoldout: world.globalHoldout, openValue: world.openValue,
      messageCost: { push: world.messageCost, email: world.messageCost } }).expect(200);
    Object.assign(t.app.get(Scores), { worth: { model: world.model, until: Infinity } });
    await putPolicy(t, world.policy as never);
    for (const [i, person] of world.people.entries()) await placePerson(person, i);
    const placed: Placed[] = [];
    for (const spec of world.campaigns) {
      const { transactional, ...fields } = spec;
      const id = await createCampaign(t, { ...fields, template: spec.channel === 'push' ? 'hello' : 'mail', class: transactional ? 'transactional' : 'marketing' });
      await launch(t, id);
      const [row] = await t.db.raw<{ salt: string }>('select salt from campaigns where id = $1', [id]);
      placed.push({ campaignId: id, salt: row!.salt, spec });
    }
    return placed;
  }

  async function placePerson(person: Person, i: number): Promise<void> {
    const [user] = await t.db.raw<{ id: string }>(
      `insert into users (id, user_id, email, email_hash, timezone, created_at) values (nextval('user_id_seq'), $1, $2, $3, $4, $5) returning id`,
      [`person-${i}`, person.address === 'none' ? null : `p${i}@example.com`, person.address === 'none' ? null : Buffer.from(`hash-${i}`), person.zone, NOW]);
    const id = user!.id;
    if (person.address === 'suppressed') await t.db.raw(`insert into suppressions (address_hash, reason) values ($1, 'test')`, [Buffer.from(`hash-${i}`)]);
    for (const [n, device] of person.devices.entries()) {
      await t.db.raw(`insert into devices (token_hash, token, user_id, platform, permission, last_seen_at) values ($1, $2, $3, 'ios', $4, $5)`,
        [Buffer.from(`d-${i}-${n}`), `d-${i}-${n}`, id, device.permission, new Date(NOW.getTime() - device.daysAgo * DAY_MS)]);
    }
    for (const { channel, topic, state } of person.subscriptions) {
      await t.db.raw(`insert into subscriptions (user_id, channel, topic, state, occurred_at) values ($1, $2, $3, $4, $5)`, [id, channel, topic, state, NOW]);
    }
    if (person.inTier) await t.db.raw(`insert into segment_members (segment_id, user_id, entered_at) select id, $1, $2 from segments where key = 'tier'`, [id, NOW]);
    if (person.scores) {
      await t.db.raw(
        `insert into user_scores (user_id, recency, frequency, monetary, rfm_group, last_purchase_at, purchases, revenue, expected_purchases_90d,
           expected_value_90d, as_of) values ($1, 1, 1, 1, 'hibernating', $2, 1, 1, $3, $4, $2)`, [id, NOW, person.scores.purchases, person.scores.value]);
    }
    for (const row of person.history) await placeHistory(id, row);
  }

  async function placeHistory(userId: string, row: Person['history'][number]): Promise<void> {
    const at = settledAt(row);
    await t.db.raw(`select ensure_month_partition('deliveries', '2026-03-01')`);
    const [delivery] = await t.db.raw<{ id: string }>(
      `insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at, topic_id,
         policy_version, state, channel)
       values ('2026-03-01', $1, -nextval('chunk_id_seq'), 0, 0, 1, $2, $2, $2, coalesce($3::timestamptz, 'infinity'), $3, $4, 0, $5, $6) returning id`,
      [userId, new Date(NOW.getTime() - 20 * DAY_MS), at, topicIds.get(row.topic), at ? 'sent' : 'queued', row.channel]);
    if (row.converted && at) {
      await t.db.raw(
        `insert into conversions (user_id, event_id, name, occurred_at, month, delivery_id, campaign_id, run_id, credited_at)
         values ($1, $2, 'purchase', $3, '2026-03-01', $4, 0, 0, $3)`, [userId, `e-${delivery!.id}`, at, delivery!.id]);
    }
    if (row.opened && at) {
      await t.db.raw(
        `insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, opened_at, clicked_at, updated_at)
         values ('2026-03-01', $1, $2, 0, 0, $3, $4, $4, $4)`, [userId, delivery!.id, row.channel, at]);
    }
  }

  function netWorthOf(world: GeneratedWorld, person: Person, { campaignId, spec }: Placed): number {
    const inTier = person.inTier && spec.audience.include[0] === 'tier';
    const cell = world.model.cells.find(({ channel, segment }) => channel === spec.channel && segment === (inTier ? 'tier' : null))!;
    const { openValue, messageCost } = world;
    const settings = { ...DEFAULT_SETTINGS, openValue, messageCost: { push: messageCost, email: messageCost } };
    const heard = person.history.filter(({ channel, minutesAgo }) => channel === spec.channel && minutesAgo !== null);
    const own = spec.conversion.event === 'purchase' && person.scores && person.scores.purchases > 0 && person.scores.value !== null
      ? person.scores.value / person.scores.purchases : null;
    return worthOf(cell, worthPrices(campaignId, spec as never, settings, world.model), {
      messages: heard.length, opens: heard.filter(({ opened }) => opened).length, conversions: heard.filter(({ converted }) => converted).length,
      ownValue: own,
    }).netWorth;
  }

  const readLedger = (): Promise<LedgerRow[]> => t.db.raw<LedgerRow>(
    `select substr(u.user_id, 8)::integer as person, d.campaign_id as "campaignId", d.state, d.reason, d.cap, d.free_at as "freeAt", d.variant,
       e.net_worth as "netWorth"
     from deliveries as d join users as u on u.id = d.user_id
     left join decision_worth as e on e.user_id = d.user_id and e.run_id = d.run_id where d.campaign_id > 0`);

  function expectation(world: GeneratedWorld, person: Person, i: number, placed: Placed[]): ReturnType<typeof shown> {
    const clientId = `person-${i}`;
    const decisions = decideUser(oracleWorld(world, person, clientId, placed), durationMs);
    return shown(decisions.map((decision) => ({ ...row(decision), person: i })), placed);
  }

  function row({ campaignId, outcome, reason, cap, freeAt }: Decision): Omit<LedgerRow, 'person'> {
    return { campaignId, state: outcome, reason, cap, freeAt, variant: 0, netWorth: null };
  }

  function shown(rows: LedgerRow[], placed: Placed[]) {
    return placed.map(({ campaignId }) => rows.find((r) => r.campaignId === campaignId)!)
      .map(({ campaignId, state, reason, cap, freeAt }) => ({ campaignId, state, reason, cap, freeAt: freeAt?.toISOString() ?? null }));
  }

  function oracleWorld(world: GeneratedWorld, person: Person, clientId: string, placed: Placed[]): World {
    return {
      t: NOW, policy: world.policy, consent: world.consent, staleDeviceAfterMs: 30 * DAY_MS,
      user: {
        zone: person.zone ?? 'UTC',
        globalHoldout: assignmentBucket(globalSalt, clientId) < holdoutBuckets(world.globalHoldout),
        address: person.address,
        devices: person.devices.map(({ permission, daysAgo }) => ({ permission, lastSeenAt: new Date(NOW.getTime() - daysAgo * DAY_MS) })),
        subscriptions: person.subscriptions,
        segments: new Set(person.inTier ? ['tier'] : []),
        unopened: { push: unopened(person, 'push'), email: unopened(person, 'email') },
        history: person.history.map((h, n) => ({ id: String(n), channel: h.channel, topic: h.topic, at: settledAt(h) ?? 'unsettled' as const })),
      },
      rows: placed.map(({ campaignId, salt, spec }): DueRow => ({
        campaignId, channel: spec.channel, topic: spec.topic, transactional: spec.transactional, ignoreCaps: spec.ignoreCaps,
        priority: spec.priority, worth: spec.worth,
        netWorth: spec.worth ? netWorthOf(world, person, { campaignId, salt, spec }) : 0, onFatigue: spec.onFatigue, expiresAt: new Date(NOW.getTime() + durationMs(spec.expiresAfter)),
        heldOut: !spec.transactional && inHoldout(`${salt}:holdout`, clientId, spec.holdout),
      })),
    };
  }

  /** Sent messages older than 24 h on the channel since the youngest that was opened. */
  function unopened({ history }: Person, channel: 'push' | 'email'): number {
    const sent = history.filter((h) => h.channel === channel && h.minutesAgo !== null);
    const lastOpened = Math.min(...sent.filter((h) => h.opened).map((h) => h.minutesAgo!), Infinity);
    return sent.filter((h) => h.minutesAgo! >= 24 * 60 && h.minutesAgo! < lastOpened).length;
  }

  it('spreads variants by the same hash as the pure function', async () => {
    await clear();
    await t.http.patch('/v1/settings').set(auth(t.adminKey)).send({ consent: { push: 'optOut' }, globalHoldout: 0 }).expect(200);
    await putPolicy(t, {});
    await t.db.raw(`insert into users (id, user_id, created_at) select nextval('user_id_seq'), 'person-' || n, $1::timestamptz from generate_series(0, 299) as n`, [NOW]);
    await t.db.raw(`insert into devices (token_hash, token, user_id, platform, last_seen_at) select sha256(user_id::bytea), user_id, id, 'ios', $1::timestamptz from users`, [NOW]);
    const weights = [1, 2, 3];
    const id = await createCampaign(t, { template: undefined, variants: weights.map((weight, i) => ({ key: `v${i}`, template: 'hello', weight })) });
    await launch(t, id);
    await t.loop('planner');
    const [{ salt }] = await t.db.raw<{ salt: string }>('select salt from campaigns where id = $1', [id]) as [{ salt: string }];
    const rows = await readLedger();
    expect(rows).toHaveLength(300);
    for (const { person, variant } of rows) expect(variant).toBe(variantIndex(`${salt}:variant`, `person-${person}`, weights));
  });

  it('ranks by priority and then by age, as compareRank does', () => {
    const rank = (priority: number, campaignId: string) => ({ priority, netWorth: 0, campaignId });
    expect([rank(10, '9'), rank(90, '10'), rank(90, '9')].sort(compareRank)).toEqual([rank(90, '9'), rank(90, '10'), rank(10, '9')]);
  });
});
