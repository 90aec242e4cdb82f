import fc from 'fast-check';
import { assignmentBucket, holdoutBuckets, inHoldout, variantIndex } from '../../src/experiments/index.js';
import { compareRank, decideUser, type Decision, type DueRow, type World } from '../../src/fatigue/index.js';
import { Installation } from '../../src/platform/auth/index.js';
import { worthPrices } from '../../src/planning/worth-parameters.js';
import { worthOf } from '../../src/scoring/index.js';
import { DEFAULT_SETTINGS } from '../../src/settings/index.js';
import { parseDuration } from '../../src/platform/time/index.js';
import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';
import { NOW, settledAt, world as anyWorld, type GeneratedWorld, type Person } from './generated-world.js';
import { WorldPlacer, type LedgerRow, type Placed } from './world-placer.js';

const RUNS = Number(process.env.RAPPORT_PROPERTY_RUNS ?? 60);
const DAY_MS = 86_400_000;
const durationMs = (text: string): number => parseDuration(text)!;

describe('the bucket pass', () => {
  let t: TestApp;
  let placer: WorldPlacer;
  let globalSalt: string;
  beforeAll(async () => {
    t = await startTestApp();
    placer = new WorldPlacer(t);
    await placer.prepare();
    globalSalt = `global-holdout:${t.app.get(Installation).key('global-holdout').toString('hex')}`;
  });
  afterAll(() => t?.close());

  it(`decides as the pure oracle does, row by row, in ${RUNS} generated worlds`, async () => {
    const seen = new Map<string, number>();
    let priced = 0;
    await fc.assert(fc.asyncProperty(anyWorld, async (world) => {
      await placer.clear();
      const placed = await placer.place(world);
      await t.loop('planner');
      const rows = await placer.readLedger();
      for (const [i, person] of world.people.entries()) {
        const expected = expectation(world, person, i, placed);
        const actual = rows.filter((row) => row.person === i);
        expect(shown(actual, placed.filter(({ spec }) => spec.reserveIn === null))).toEqual(expected);
        expect(actual).toHaveLength(expected.length);
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
      'quiet_hours', 'minimum_gap', 'frequency_cap', 'reserved_for_priority', 'outranked', 'not_worth_it', 'queued', 'held_out'];
    expect(gates.filter((gate) => !seen.has(gate))).toEqual([]);
    expect(priced).toBeGreaterThan(RUNS);
  }, 300_000);

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

  function expectation(world: GeneratedWorld, person: Person, i: number, placed: Placed[]): ReturnType<typeof shown> {
    const clientId = `person-${i}`;
    const decisions = decideUser(oracleWorld(world, person, clientId, placed), durationMs);
    return shown(decisions.map((decision) => ({ ...row(decision), person: i })), placed.filter(({ spec }) => spec.reserveIn === null));
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
      reservations: placed.flatMap(({ campaignId, spec: { channel, topic, priority, reserveIn, transactional, ignoreCaps } }) =>
        (reserveIn === null || reserveIn > 10_080 || transactional || ignoreCaps ? []
          : [{ campaignId, channel, topic, priority, dueAt: new Date(NOW.getTime() + reserveIn * 60_000) }])),
      rows: placed.filter(({ spec }) => spec.reserveIn === null).map(({ campaignId, salt, spec }): DueRow => ({
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
    await placer.clear();
    await t.http.patch('/v1/settings').set(auth(t.adminKey)).send({ consent: { push: 'optOut' }, globalHoldout: 0 }).expect(200);
    await putPolicy(t, {});
    await t.db.raw(`insert into users (id, user_id, created_at) select nextval('user_id_seq'), 'person-' || n, $1::timestamptz from generate_series(0, 299) as n`, [NOW]);
    await t.db.raw(`insert into devices (token_hash, token, user_id, platform, last_seen_at) select sha256(user_id::bytea), user_id, id, 'ios', $1::timestamptz from users`, [NOW]);
    const weights = [1, 2, 3];
    const id = await createCampaign(t, { template: undefined, variants: weights.map((weight, i) => ({ key: `v${i}`, template: 'hello', weight })) });
    await launch(t, id);
    await t.loop('planner');
    const [{ salt }] = await t.db.raw<{ salt: string }>('select salt from campaigns where id = $1', [id]) as [{ salt: string }];
    const rows = await placer.readLedger();
    expect(rows).toHaveLength(300);
    for (const { person, variant } of rows) expect(variant).toBe(variantIndex(`${salt}:variant`, `person-${person}`, weights));
  });

  it('ranks by priority and then by age, as compareRank does', () => {
    const rank = (priority: number, campaignId: string) => ({ priority, netWorth: 0, campaignId });
    expect([rank(10, '9'), rank(90, '10'), rank(90, '9')].sort(compareRank)).toEqual([rank(90, '9'), rank(90, '10'), rank(10, '9')]);
  });
});
