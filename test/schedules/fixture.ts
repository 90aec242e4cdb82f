import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

export interface SchedulesUnderTest extends TestApp {
  /** @returns its id, launched. */
  launched(schedule: object, overrides?: object): Promise<string>;
  /** People with a device each, by client id and zone. */
  people(zones: Record<string, string | null>): Promise<void>;
  /** The ledger of a campaign as `user state reason`, in order of decision. */
  ledger(campaignId: string): Promise<string[]>;
  runs(campaignId: string): Promise<{ scheduledFor: string; status: string }[]>;
  status(campaignId: string): Promise<string>;
  /** One round of the scheduler, the triggers and the planner at the instant. */
  tickAt(instant?: string): Promise<void>;
  event(userId: string, name: string, fields?: object): Promise<void>;
  clear(): Promise<void>;
}

export async function startSchedules(): Promise<SchedulesUnderTest> {
  const t = await startTestApp();
  await prepareCatalogue(t);
  const get = async (path: string) => (await t.http.get(path).set(auth(t.keys.marketer)).expect(200)).body;
  return Object.assign(t, {
    launched: async (schedule: object, overrides: object = {}) => {
      const id = await createCampaign(t, { schedule, ...overrides });
      await launch(t, id);
      return id;
    },
    people: async (zones: Record<string, string | null>) => {
      for (const [userId, zone] of Object.entries(zones)) {
        await t.db.raw(`with u as (insert into users (id, user_id, timezone, created_at) values (nextval('user_id_seq'), $1, $2, now()) returning id)
          insert into devices (token_hash, token, user_id, platform, last_seen_at) select sha256($1::bytea), $1, id, 'ios', '2027-01-01T00:00:00Z' from u`, [userId, zone]);
      }
    },
    ledger: async (id: string) => (await t.db.raw<{ row: string }>(
      `select u.user_id || ' ' || d.state || coalesce(' ' || d.reason, '') as row from deliveries d join users u on u.id = d.user_id
       where d.campaign_id = $1 order by d.decided_at, u.user_id, d.id`, [id])).map(({ row }) => row),
    runs: async (id: string) => (await get(`/v1/campaigns/${id}/runs`)).data.map(({ scheduledFor, status }: { scheduledFor: string; status: string }) => ({ scheduledFor, status })),
    status: async (id: string) => (await get(`/v1/campaigns/${id}`)).status,
    tickAt: async (instant?: string) => {
      if (instant) t.clock.set(instant);
      for (const loop of ['campaign-scheduler', 'triggers', 'planner']) await t.loop(loop);
    },
    event: async (userId: string, name: string, fields: object = {}) => {
      const event = { eventId: `${name}-${Math.round(performance.now() * 1e6)}`, userId, name, occurredAt: t.clock.now().toISOString(), ...fields };
      const answer = await t.http.post('/v1/events').set(auth(t.keys.ingest)).send({ events: [event] });
      if (answer.body.accepted !== 1) throw new Error(JSON.stringify(answer.body));
    },
    clear: async () => {
      await t.db.raw('truncate campaigns, deliveries, users, segments, message_facts, events, event_keys, user_event_days restart identity cascade');
      await t.db.raw(`select setval('user_id_seq', 1, false)`);
      t.clock.set('2026-03-02T12:00:00Z');
    },
  });
}
