import { FatiguePolicies } from '../../src/fatigue/index.js';
import { Scores } from '../../src/scoring/index.js';
import { SettingsService } from '../../src/settings/index.js';
import { auth, type TestApp } from '../support/test-app.js';
import { NOW, TOPICS, settledAt, type GeneratedWorld, type HistoryRow, type Person } from './generated-world.js';
import { placeCampaigns, type Placed } from './place-campaigns.js';

const DAY_MS = 86_400_000;
const MONTH = '2026-03-01';
const TRUNCATE_EVERY = 200;
/** Whatever a world writes, children before their parents. */
const OF_A_WORLD = ['decision_worth', 'conversions', 'message_facts', 'segment_members', 'segment_changes', 'user_scores', 'slices', 'chunks', 'deliveries',
  'wave_buckets', 'waves', 'run_variants', 'runs', 'campaign_pace', 'campaigns', 'subscription_log', 'subscriptions', 'devices', 'suppressions', 'users'];

export interface LedgerRow {
  person: number;
  campaignId: string;
  state: string;
  reason: string | null;
  cap: number | null;
  freeAt: Date | null;
  variant: number;
  netWorth: number | null;
}

/** Puts a generated world into a database: its policy, people with their pasts, campaigns. */
export class WorldPlacer {
  private topicIds = new Map<string, number>();
  private cleared = 0;

  constructor(private readonly t: TestApp) {}

  /** Topics, templates and the tier's segment, once. */
  async prepare(): Promise<void> {
    const { t } = this;
    t.clock.set(NOW);
    const template = (key: string, channel: string, content: object) => t.http.post('/v1/templates').set(auth(t.keys.marketer))
      .send({ key, channel, defaultLocale: 'en', content: { en: content } }).expect(201);
    for (const key of TOPICS) await t.http.put(`/v1/topics/${key}`).set(auth(t.keys.marketer)).send({ name: { en: key } }).expect(200);
    await template('hello', 'push', { title: 'Hello', body: 'News' });
    await template('mail', 'email', { subject: 'Hello', html: '<p>News</p>' });
    await t.db.raw(`select ensure_month_partition('deliveries', $1), ensure_month_partition('decision_worth', $1)`, [MONTH]);
    // A function's statements are planned once.
    await t.db.raw(`create function clear_world() returns void language plpgsql as $$ begin ${OF_A_WORLD.map((table) => `delete from ${table};`).join(' ')} end $$`);
    await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key: 'tier', name: 'Tier', static: true }).expect(201);
    this.topicIds = new Map((await t.db.raw<{ key: string; id: number }>('select key, id from topics')).map(({ key, id }) => [key, id]));
  }

  /** Deleting a few rows is many times quicker than truncating as many tables; now and then they are, or they would swell. */
  async clear(): Promise<void> {
    this.cleared++;
    if (this.cleared % TRUNCATE_EVERY === 0) await this.t.db.raw(`truncate ${[...OF_A_WORLD].reverse().join(', ')} cascade`);
    else await this.prepared('clear-world', 'select clear_world()', []);
  }

  /** @param launched false: the campaigns stay drafts. */
  async place(world: GeneratedWorld, launched = true): Promise<Placed[]> {
    const { app, db } = this.t;
    const { consent, globalHoldout, openValue, messageCost } = world;
    await app.get(SettingsService).patch({ consent, globalHoldout, openValue, messageCost: { push: messageCost, email: messageCost } });
    Object.assign(app.get(Scores), { worth: { model: world.model, until: Infinity } });
    await app.get(FatiguePolicies).replace(world.policy as never, '0');
    await this.prepared('place-sequences', `select setval('user_id_seq', $1), setval(pg_get_serial_sequence('campaigns', 'id'), $2)`,
      [world.people.length, world.campaigns.length]);
    await this.placePeople(world.people);
    return placeCampaigns(db, world, launched);
  }

  /** Everybody in one statement for each table: a run of thousands of worlds is mostly this. */
  private async placePeople(people: readonly Person[]): Promise<void> {
    const all = people.map((person, i) => ({ person, i, id: i + 1 }));
    const insert = (name: string, text: string, rows: readonly object[]): Promise<unknown> => (rows.length === 0 ? Promise.resolve() : this.prepared(`place-${name}`, text, [JSON.stringify(rows)]));
    await insert('users', `insert into users (id, user_id, email, email_hash, timezone, created_at)
      select id, client, email, convert_to(hash, 'UTF8'), zone, '${NOW.toISOString()}' from jsonb_to_recordset($1) as r (id bigint, client text, email text, hash text, zone text)`,
    all.map(({ person, i, id }) => ({ id, client: `person-${i}`, zone: person.zone, ...(person.address === 'none' ? {} : { email: `p${i}@example.com`, hash: `hash-${i}` }) })));
    await insert('suppressions', `insert into suppressions (address_hash, reason) select convert_to(hash, 'UTF8'), 'test' from jsonb_to_recordset($1) as r (hash text)`,
      all.filter(({ person }) => person.address === 'suppressed').map(({ i }) => ({ hash: `hash-${i}` })));
    await insert('devices', `insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
      select convert_to(token, 'UTF8'), token, id, 'ios', permission, seen
      from jsonb_to_recordset($1) as r (id bigint, token text, permission text, seen timestamptz)`,
    all.flatMap(({ person, i, id }) => person.devices.map(({ permission, daysAgo }, n) => (
      { id, token: `d-${i}-${n}`, permission, seen: new Date(NOW.getTime() - daysAgo * DAY_MS) }))));
    await insert('subscriptions', `insert into subscriptions (user_id, channel, topic, state, occurred_at)
      select id, channel, topic, state, '${NOW.toISOString()}' from jsonb_to_recordset($1) as r (id bigint, channel channel, topic text, state text)`,
    all.flatMap(({ person, id }) => person.subscriptions.map((subscription) => ({ id, ...subscription }))));
    await insert('segment-members', `insert into segment_members (segment_id, user_id, entered_at)
      select s.id, r.id, '${NOW.toISOString()}' from jsonb_to_recordset($1) as r (id bigint), segments as s where s.key = 'tier'`,
    all.filter(({ person }) => person.inTier).map(({ id }) => ({ id })));
    await insert('user-scores', `insert into user_scores (user_id, recency, frequency, monetary, rfm_group, last_purchase_at, purchases, revenue, expected_purchases_90d, expected_value_90d, as_of)
      select id, 1, 1, 1, 'hibernating', '${NOW.toISOString()}', 1, 1, purchases, value, '${NOW.toISOString()}'
      from jsonb_to_recordset($1) as r (id bigint, purchases float8, value float8)`,
    all.flatMap(({ person: { scores }, id }) => (scores ? [{ id, ...scores }] : [])));
    await this.placeHistories(all.flatMap(({ person, id }) => person.history.map((row) => ({ id, row }))));
  }

  /** Ids of the ledger in the order of the list, as the oracle numbers them. */
  private async placeHistories(entries: readonly { id: number; row: HistoryRow }[]): Promise<void> {
    if (entries.length === 0) return;
    const rows = entries.map(({ id, row }, n) => ({
      n, id, at: settledAt(row), topic: this.topicIds.get(row.topic), channel: row.channel, opened: row.opened, converted: row.converted,
    }));
    await this.prepared('place-histories',
      `with r as materialized (
         select * from jsonb_to_recordset($1) as r (n integer, id bigint, at timestamptz, topic integer, channel channel, opened boolean, converted boolean)),
       written as (
         insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at, topic_id,
           policy_version, state, channel)
         select '${MONTH}', r.id, -1000 - r.n, 0, 0, 1, $2, $2, $2, coalesce(r.at, 'infinity'), r.at, r.topic, 0,
           case when r.at is null then 'queued' else 'sent' end::delivery_state, r.channel
         from r order by r.n
         returning id, run_id, user_id),
       known as (select w.id as delivery_id, w.user_id, r.* from written as w join r on r.n = -1000 - w.run_id where r.at is not null),
       converted as (
         insert into conversions (user_id, event_id, name, occurred_at, month, delivery_id, campaign_id, run_id, credited_at)
         select k.user_id, 'e-' || k.delivery_id, 'purchase', k.at, '${MONTH}', k.delivery_id, 0, 0, k.at from known as k where k.converted)
       insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, opened_at, clicked_at, updated_at)
       select '${MONTH}', k.user_id, k.delivery_id, 0, 0, k.channel, k.at, k.at, k.at from known as k where k.opened`,
      [JSON.stringify(rows), new Date(NOW.getTime() - 20 * DAY_MS)]);
  }

  /** Parsed and planned once for all worlds. */
  private prepared(name: string, text: string, values: readonly unknown[]): Promise<unknown> {
    return this.t.db.pool.query({ name, text, values: [...values] });
  }

  readLedger = (): Promise<LedgerRow[]> => this.t.db.raw<LedgerRow>(
    `select substr(u.user_id, 8)::integer as person, d.campaign_id::bigint as "campaignId", d.state, d.reason, d.cap, d.free_at as "freeAt", d.variant,
       e.net_worth as "netWorth"
     from deliveries as d join users as u on u.id = d.user_id
     left join decision_worth as e on e.user_id = d.user_id and e.run_id = d.run_id where d.campaign_id > 0`);

  /** Whose number of messages in seven days is not what the ledger holds: of the history, and of what the pass had queued before. */
  readMiscounted = (): Promise<object[]> => this.t.db.raw<object>(
    `select d.user_id, d.campaign_id, d.state, d.reason, d.messages_in_7d, c.messages
     from deliveries as d
     cross join lateral (
       select count(*)::integer as messages from deliveries as h
       where h.user_id = d.user_id and h.counted_at is not null and least(h.counted_at, $1::timestamptz) > $1::timestamptz - interval '7 days' and (h.campaign_id = 0 or h.id < d.id)) as c
     where d.campaign_id > 0 and d.messages_in_7d <> c.messages`, [NOW]);
}
