import { auth } from '../support/test-app.js';
import { startSchedules, type SchedulesUnderTest } from '../schedules/fixture.js';

export interface LifeUnderTest extends SchedulesUnderTest {
  /** Everything that is due at the instant is decided and sent. */
  live(instant?: string): Promise<void>;
  /** Gives everybody there a mail address of their own. */
  addresses(): Promise<void>;
  /** Each row of the ledger as `state reason until` of one person, oldest campaign first. */
  rows(userId: string): Promise<string[]>;
  /** A campaign launched, decided and sent at the present instant. @returns what became of it for the person. */
  offer(userId: string, overrides?: object): Promise<string>;
  mail: { channel: 'email'; template: 'mail' };
}

/** An installation with push and mail under opt-out, driven by hand: schedules, planner and sender. */
export async function startLife(): Promise<LifeUnderTest> {
  const t = await startSchedules();
  await t.http.patch('/v1/settings').set(auth(t.adminKey)).send({ consent: { push: 'optOut', email: 'optOut' } }).expect(200);
  await t.http.put('/v1/topics/news').set(auth(t.keys.marketer)).send({ name: { en: 'News' } }).expect(200);
  await t.http.post('/v1/templates').set(auth(t.keys.marketer))
    .send({ key: 'mail', channel: 'email', defaultLocale: 'en', content: { en: { subject: 'Hello', html: '<p>News</p>' } } }).expect(201);
  const live = async (instant?: string): Promise<void> => {
    await t.tickAt(instant);
    await t.loop('sender');
  };
  const shown = async (userId: string, campaignId: string | null): Promise<string[]> => (await t.db.raw<{ row: string }>(
    `select d.state || coalesce(' ' || d.reason, '') || coalesce(' until ' || to_char(d.free_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') as row
     from deliveries d join users u on u.id = d.user_id
     where u.user_id = $1 and ($2::bigint is null or d.campaign_id = $2) order by d.campaign_id, d.run_id, d.id`, [userId, campaignId])).map(({ row }) => row);
  return Object.assign(t, {
    live,
    addresses: async () => void (await t.db.raw(`update users set email = user_id || '@example.com', email_hash = sha256(user_id::bytea)`)),
    rows: (userId: string) => shown(userId, null),
    offer: async (userId: string, overrides: object = {}) => {
      const id = await t.launched({ type: 'now' }, overrides);
      await live();
      return (await shown(userId, id)).join(', ');
    },
    mail: { channel: 'email' as const, template: 'mail' as const },
  });
}
