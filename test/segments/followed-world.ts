import fc from 'fast-check';
import { EventIngest } from '../../src/events/index.js';
import { STATED_PRIORS } from '../../src/scoring/index.js';
import { Segments, SegmentMembers } from '../../src/segments/index.js';
import { evaluateRule, type RuleBook } from '../../src/segments/segment-evaluator.js';
import type { TestApp } from '../support/test-app.js';
import { NOW, jsonValue, ruleJson } from './rule-arbitraries.js';
import { parsed } from './rule-world.js';
import { NOBODY, type GeneratedUser, type World } from './world-arbitraries.js';
import { worldUser } from './world-in-memory.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const USERS = 3;

/** Something that happens; `ms` is a distance from the clock's now. */
type Step =
  | { kind: 'events'; rows: { user: number; name: string; ms: number; value: number | null; size: unknown }[] }
  | { kind: 'attributes'; user: number; plan: unknown; a: unknown }
  | { kind: 'seen' | 'device'; user: number; ms: number }
  | { kind: 'wish'; user: number; state: 'subscribed' | 'unsubscribed' }
  | { kind: 'message'; user: number; ms: number; opened: boolean }
  | { kind: 'listed'; user: number; on: boolean }
  | { kind: 'erased'; user: number }
  | { kind: 'edit'; segment: number; rule: object }
  | { kind: 'wait'; ms: number };

export interface Story {
  rules: object[];
  steps: Step[];
}

const user = fc.nat(USERS - 1);
/** Beside every edge that a window of the generated rules can have; at most a day ahead, as the ingest takes it. */
const distance = fc.constantFrom(0, -1, 1, -HOUR, -12 * HOUR, -12 * HOUR - 1, 2 * HOUR, DAY, -DAY, -DAY + HOUR, -36 * HOUR, -2 * DAY, -29 * DAY, -30 * DAY + HOUR, -365 * DAY + 1);

/** Rules that time turns, some naming the others. */
const timed: fc.Arbitrary<object> = fc.oneof(
  fc.tuple(fc.constantFrom('purchase', 'view'), fc.constantFrom('PT1H', 'PT12H', 'P1D', 'P2D', 'P30D'), fc.constantFrom<object>(
    {}, { op: 'eq', value: 0 }, { op: 'gte', value: 2 }, { aggregate: 'sum', op: 'gt', value: 2 }, { aggregate: 'distinctDays', op: 'gte', value: 2 },
    { aggregate: 'max', op: 'gte', value: 2 }, { aggregate: 'daysSinceFirst', op: 'gte', value: 1 }, { where: [{ property: 'size', op: 'exists' }] },
  )).map(([event, within, asked]) => ({ event, within, ...asked })),
  fc.tuple(fc.constantFrom('daysSinceLast', 'daysSinceFirst'), fc.constantFrom<object>({ op: 'gte', value: 1 }, { op: 'lt', value: 2 }, { op: 'eq', value: 0.5 }, { op: 'in', value: [0, 2] }))
    .map(([aggregate, test]) => ({ event: 'purchase', aggregate, ...test })),
  fc.tuple(fc.constantFrom('$createdAt', '$lastSeenAt', 'plan'), fc.constantFrom('withinLast', 'notWithinLast'), fc.constantFrom('PT1H', 'P1D', 'P2D'))
    .map(([attribute, op, value]) => ({ attribute, op, value })),
  fc.tuple(fc.constantFrom('sent', 'opened'), fc.constantFrom('PT12H', 'P2D')).map(([message, within]) => ({ message, within })),
  fc.constantFrom<object>({ reachable: 'push' }, { not: { reachable: 'push' } }, { segment: 'ruled' }, { all: [{ not: { segment: 'ruled' } }, { event: 'view', within: 'P1D' }] }),
);
const rule = fc.oneof({ weight: 3, arbitrary: timed }, { weight: 1, arbitrary: ruleJson }, {
  weight: 1, arbitrary: fc.tuple(timed, timed, fc.constantFrom('all', 'any')).map(([a, b, kind]) => ({ [kind]: [a, { not: b }] })),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.record({
    user, name: fc.constantFrom('purchase', 'view'), ms: distance, value: fc.constantFrom(null, 1, 2.5), size: fc.constantFrom<unknown>(null, 1, 'x'),
  }), { minLength: 1, maxLength: 4 }).map((rows) => ({ kind: 'events' as const, rows })) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('attributes' as const), user, plan: jsonValue, a: jsonValue }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('seen' as const, 'device' as const), user, ms: distance.filter((ms) => ms <= 0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wish' as const), user, state: fc.constantFrom('subscribed' as const, 'unsubscribed' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('message' as const), user, ms: distance.filter((ms) => ms <= 0), opened: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('listed' as const), user, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('erased' as const), user }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('edit' as const), segment: fc.nat(2), rule }) },
  { weight: 6, arbitrary: fc.constantFrom(1, 1_000, HOUR, 11 * HOUR, 12 * HOUR, DAY, 47 * HOUR, 10 * DAY).map((ms) => ({ kind: 'wait' as const, ms })) },
);

export const story: fc.Arbitrary<Story> = fc.record({
  rules: fc.array(rule, { minLength: 2, maxLength: 2 }), steps: fc.array(step, { minLength: 3, maxLength: 12, size: 'max' }),
});

const ADMIN = { keyId: 'test', scope: 'admin' as const };
const RULED = { any: [{ event: 'purchase', within: 'P1D' }, { segment: 'listed' }] };

/** A server with a few users and segments, and beside it what everybody knows of them. */
export class FollowedWorld {
  private readonly users = new Map<string, GeneratedUser>();
  private readonly rules = new Map<string, object | null>();
  private made = 0;
  private events = 0;

  constructor(private readonly t: TestApp) {}

  async begin(rules: readonly object[]): Promise<void> {
    this.t.clock.set(NOW);
    for (const table of ['segments', 'users', 'events', 'event_keys', 'user_event_days', 'deliveries', 'message_facts', 'segment_marks', 'segment_progress']) {
      await this.t.db.raw(`delete from ${table}`);
    }
    for (let i = 0; i < USERS; i++) await this.user(i);
    await this.t.app.get(Segments).create({ key: 'listed', name: 'Listed', static: true });
    this.rules.set('listed', null);
    for (const [key, rule] of [['ruled', RULED], ...rules.map((given, i) => [`s${i}`, given] as const)] as const) {
      await this.t.app.get(Segments).create({ key, name: key, rule });
      this.rules.set(key, rule);
    }
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'wait') return this.t.clock.advance({ ms: step.ms });
    if (step.kind === 'edit') return this.edit(step);
    if (step.kind === 'events') return this.ingest(step.rows);
    const { id, known, key } = await this.user(step.user);
    const at = new Date(this.t.clock.now().getTime() + ('ms' in step ? step.ms : 0));
    const run = (sql: string, ...params: unknown[]): Promise<unknown> => this.t.db.raw(sql, [id, ...params]);
    switch (step.kind) {
      case 'attributes':
        known.attributes = { plan: step.plan, a: step.a };
        await run('update users set attributes = $2 where id = $1', JSON.stringify(known.attributes));
        return;
      case 'seen':
        known.lastSeenAt = at;
        await run('update users set last_seen_at = $2 where id = $1', at);
        return;
      case 'device':
        known.devices.push({ permission: 'granted', lastSeenAt: at });
        await run(`insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
          values (sha256($2::text::bytea), $2, $1, 'ios', 'granted', $3)`, `token ${this.events++}`, at);
        return;
      case 'wish':
        known.subscriptions = [{ channel: 'push', topic: '', state: step.state }];
        await run(`insert into subscriptions (user_id, channel, state, occurred_at) values ($1, 'push', $2, now())
          on conflict (user_id, channel, topic) do update set state = excluded.state`, step.state);
        return;
      case 'message':
        return this.send(run, known, at, step.opened);
      case 'listed':
        known.listed = step.on;
        await this.t.app.get(SegmentMembers).changeStatic('listed', step.on ? [key] : [], step.on ? [] : [key]);
        return;
      case 'erased':
        this.users.delete(key);
        for (const table of ['events', 'event_keys', 'user_event_days', 'deliveries', 'message_facts']) await run(`delete from ${table} where user_id = $1`);
        await run('delete from users where id = $1');
    }
  }

  /**
   * Lets the loops run as they do; a rebuild only where the horizon of turns has ended or a named segment was edited, so that
   * following has to be right by itself.
   */
  async follow(): Promise<void> {
    await this.t.loop('segments');
    const now = this.t.clock.now();
    if ((await this.t.db.raw(`select from segments where turns_until <= $1 or rebuild_cause <> 'evaluated'`, [now])).length > 0) await this.t.loop('segment-rebuilds');
  }

  /** Segment key → user ids, as the oracle says. */
  expected(): Record<string, string[]> {
    const world: World = {
      users: [], priors: { push: STATED_PRIORS, email: STATED_PRIORS },
      settings: { now: this.t.clock.now(), currency: 'EUR', consent: { push: 'optOut', email: 'optOut' }, staleDeviceAfter: 'P30D' },
    };
    const book: RuleBook = new Map([...this.rules].map(([key, json]) => [key, { rule: json && parsed(json) }]));
    return Object.fromEntries([...this.rules].map(([key, json]) => [key, [...this.users].filter(([, known]) =>
      (json ? evaluateRule(parsed(json), worldUser(known, world), world.settings, book) : known.listed)).map(([id]) => id).sort()]));
  }

  /** The same as stored. */
  async stored(): Promise<Record<string, string[]>> {
    const rows = await this.t.db.raw<{ key: string; users: string[]; size: string }>(`
      select s.key, s.size, array(select u.user_id from segment_members m join users u on u.id = m.user_id where m.segment_id = s.id order by u.user_id) as users
      from segments s order by s.id`);
    expect(rows.map(({ key, size }) => [key, Number(size)])).toEqual(rows.map(({ key, users }) => [key, users.length]));
    return Object.fromEntries(rows.map(({ key, users }) => [key, users]));
  }

  /** What entries and exits in their order add up to; each must change something. */
  async replayed(): Promise<Record<string, string[]>> {
    const rows = await this.t.db.raw<{ key: string; userId: string | null; entered: boolean }>(`
      select s.key, u.user_id as "userId", c.entered
      from segments s left join segment_changes c on c.segment_id = s.id left join users u on u.id = c.user_id order by s.id, c.id`);
    const members = new Map<string, Set<string>>();
    for (const { key, userId, entered } of rows) {
      const of = members.get(key) ?? new Set();
      members.set(key, of);
      if (userId === null) continue;
      expect(of.has(userId)).toBe(!entered);
      if (entered) of.add(userId);
      else of.delete(userId);
    }
    return Object.fromEntries([...members].map(([key, of]) => [key, [...of].sort()]));
  }

  private async user(index: number): Promise<{ id: string; key: string; known: GeneratedUser }> {
    const key = `u${index}`;
    const now = this.t.clock.now();
    if (!this.users.has(key)) {
      this.users.set(key, { ...NOBODY, createdAt: now, devices: [], subscriptions: [], events: [], messages: [] });
      await this.t.db.raw(`insert into users (id, user_id, created_at) values (nextval('user_id_seq'), $1, $2)`, [key, now]);
    }
    const [row] = await this.t.db.raw<{ id: string }>('select id from users where user_id = $1', [key]);
    return { id: row!.id, key, known: this.users.get(key)! };
  }

  private async ingest(rows: (Step & { kind: 'events' })['rows']): Promise<void> {
    const given = [];
    for (const { user: index, name, ms, value, size } of rows) {
      const { key, known } = await this.user(index);
      const occurredAt = new Date(this.t.clock.now().getTime() + ms);
      known.events.push({ name, occurredAt, value, currency: null, properties: { size } });
      given.push({ userId: key, eventId: `e${this.events++}`, name, occurredAt: occurredAt.toISOString(), ...(value === null ? {} : { value }), properties: { size } });
    }
    expect(await this.t.app.get(EventIngest).take(given, ADMIN)).toMatchObject({ accepted: rows.length, rejected: [] });
  }

  private async send(run: (sql: string, ...params: unknown[]) => Promise<unknown>, known: GeneratedUser, at: Date, opened: boolean): Promise<void> {
    const id = ++this.made;
    known.messages.push({ channel: 'push', campaign: 1, test: false, transactional: false, state: 'sent', settledAt: at, openedAt: opened ? at : null, clickedAt: null, conversions: [] });
    await run(`insert into deliveries (month, user_id, id, run_id, wave_id, campaign_id, entry, due_at, decided_at, expires_at, counted_at, policy_version, chunk_id, state, channel)
      values ('2026-03-01', $1, $2, 1, 1, 1, $2, now(), now(), now(), 'infinity', 0, 1, 'queued', 'push')`, id);
    await run(`update deliveries set state = 'sent', settled_at = $3, counted_at = $3 where user_id = $1 and id = $2`, id, at);
    if (opened) await run(`insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, opened_at, updated_at) values ('2026-03-01', $1, $2, 1, 1, 'push', $3, now())`, id, at);
  }

  /** An edit that makes a circle is refused, and nothing changes. */
  private async edit({ segment, rule: given }: Step & { kind: 'edit' }): Promise<void> {
    const key = ['ruled', 's0', 's1'][segment]!;
    const refused = await this.t.app.get(Segments).change(key, { rule: given }).then(() => false, (error: { status?: number }) => error.status === 400);
    if (!refused) this.rules.set(key, given);
    else expect(JSON.stringify(given)).toContain('ruled');
  }
}
