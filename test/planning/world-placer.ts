import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { Scores } from '../../src/scoring/index.js';
import { auth, type TestApp } from '../support/test-app.js';
import { NOW, TOPICS, settledAt, type CampaignSpec, type GeneratedWorld, type Person } from './generated-world.js';

const DAY_MS = 86_400_000;

export interface Placed {
  campaignId: string;
  salt: string;
  spec: CampaignSpec;
}

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
    await t.http.post('/v1/segments').set(auth(t.keys.marketer)).send({ key: 'tier', name: 'Tier', static: true }).expect(201);
    this.topicIds = new Map((await t.db.raw<{ key: string; id: number }>('select key, id from topics')).map(({ key, id }) => [key, id]));
  }

  async clear(): Promise<void> {
    await this.t.db.raw(`truncate users, devices, subscriptions, subscription_log, suppressions, deliveries, chunks, slices, wave_buckets, waves,
      run_variants, runs, campaign_pace, campaigns, segment_members, segment_changes, message_facts, conversions, decision_worth, user_scores restart identity cascade`);
    await this.t.db.raw(`select setval('user_id_seq', 1, false)`);
  }

  /** @param launched false: the campaigns stay drafts. */
  async place(world: GeneratedWorld, launched = true): Promise<Placed[]> {
    await this.t.http.patch('/v1/settings').set(auth(this.t.adminKey)).send({ consent: world.consent, globalHoldout: world.globalHoldout, openValue: world.openValue,
      messageCost: { push: world.messageCost, email: world.messageCost } }).expect(200);
    Object.assign(this.t.app.get(Scores), { worth: { model: world.model, until: Infinity } });
    await putPolicy(this.t, world.policy as never);
    for (const [i, person] of world.people.entries()) await this.placePerson(person, i);
    const placed: Placed[] = [];
    for (const spec of world.campaigns) {
      const { transactional, reserveIn, ...fields } = spec;
      const schedule = reserveIn === null ? { type: 'now' } : { type: 'at', at: new Date(NOW.getTime() + reserveIn * 60_000).toISOString() };
      const id = await createCampaign(this.t, { ...fields, schedule, reserve: reserveIn !== null, template: spec.channel === 'push' ? 'hello' : 'mail', class: transactional ? 'transactional' : 'marketing' });
      if (launched) await launch(this.t, id);
      const [row] = await this.t.db.raw<{ salt: string }>('select salt from campaigns where id = $1', [id]);
      placed.push({ campaignId: id, salt: row!.salt, spec });
    }
    return placed;
  }

  private async placePerson(person: Person, i: number): Promise<void> {
    const [user] = await this.t.db.raw<{ id: string }>(
      `insert into users (id, user_id, email, email_hash, timezone, created_at) values (nextval('user_id_seq'), $1, $2, $3, $4, $5) returning id`,
      [`person-${i}`, person.address === 'none' ? null : `p${i}@example.com`, person.address === 'none' ? null : Buffer.from(`hash-${i}`), person.zone, NOW]);
    const id = user!.id;
    if (person.address === 'suppressed') await this.t.db.raw(`insert into suppressions (address_hash, reason) values ($1, 'test')`, [Buffer.from(`hash-${i}`)]);
    for (const [n, device] of person.devices.entries()) {
      await this.t.db.raw(`insert into devices (token_hash, token, user_id, platform, permission, last_seen_at) values ($1, $2, $3, 'ios', $4, $5)`,
        [Buffer.from(`d-${i}-${n}`), `d-${i}-${n}`, id, device.permission, new Date(NOW.getTime() - device.daysAgo * DAY_MS)]);
    }
    for (const { channel, topic, state } of person.subscriptions) {
      await this.t.db.raw(`insert into subscriptions (user_id, channel, topic, state, occurred_at) values ($1, $2, $3, $4, $5)`, [id, channel, topic, state, NOW]);
    }
    if (person.inTier) await this.t.db.raw(`insert into segment_members (segment_id, user_id, entered_at) select id, $1, $2 from segments where key = 'tier'`, [id, NOW]);
    if (person.scores) {
      await this.t.db.raw(
        `insert into user_scores (user_id, recency, frequency, monetary, rfm_group, last_purchase_at, purchases, revenue, expected_purchases_90d,
           expected_value_90d, as_of) values ($1, 1, 1, 1, 'hibernating', $2, 1, 1, $3, $4, $2)`, [id, NOW, person.scores.purchases, person.scores.value]);
    }
    for (const row of person.history) await this.placeHistory(id, row);
  }

  private async placeHistory(userId: string, row: Person['history'][number]): Promise<void> {
    const at = settledAt(row);
    await this.t.db.raw(`select ensure_month_partition('deliveries', '2026-03-01')`);
    const [delivery] = await this.t.db.raw<{ id: string }>(
      `insert into deliveries (month, user_id, run_id, wave_id, campaign_id, chunk_id, due_at, decided_at, expires_at, counted_at, settled_at, topic_id,
         policy_version, state, channel)
       values ('2026-03-01', $1, -1000 - nextval('chunk_id_seq'), 0, 0, 1, $2, $2, $2, coalesce($3::timestamptz, 'infinity'), $3, $4, 0, $5, $6) returning id`,
      [userId, new Date(NOW.getTime() - 20 * DAY_MS), at, this.topicIds.get(row.topic), at ? 'sent' : 'queued', row.channel]);
    if (row.converted && at) {
      await this.t.db.raw(
        `insert into conversions (user_id, event_id, name, occurred_at, month, delivery_id, campaign_id, run_id, credited_at)
         values ($1, $2, 'purchase', $3, '2026-03-01', $4, 0, 0, $3)`, [userId, `e-${delivery!.id}`, at, delivery!.id]);
    }
    if (row.opened && at) {
      await this.t.db.raw(
        `insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, opened_at, clicked_at, updated_at)
         values ('2026-03-01', $1, $2, 0, 0, $3, $4, $4, $4)`, [userId, delivery!.id, row.channel, at]);
    }
  }

  readLedger = (): Promise<LedgerRow[]> => this.t.db.raw<LedgerRow>(
    `select substr(u.user_id, 8)::integer as person, d.campaign_id::bigint as "campaignId", d.state, d.reason, d.cap, d.free_at as "freeAt", d.variant,
       e.net_worth as "netWorth"
     from deliveries as d join users as u on u.id = d.user_id
     left join decision_worth as e on e.user_id = d.user_id and e.run_id = d.run_id where d.campaign_id > 0`);
}
