import { createCampaign, launch } from '../factories/campaigns.js';
import { auth } from '../support/test-app.js';
import { faults } from './counts.js';
import type { History } from './history.js';
import { World } from './world.js';

const EACH = faults(100, 200);
/** Of each kind of trouble with mail, in a round: so few that neither a circuit opens nor the campaign is called ill. */
const MAILS = 20;
const MAIL_ROUNDS = faults(3, 10);
/** Users whose phones are well. */
const WELL = 200;
/** Answers that are refused for good, of both kinds. */
const MIXED = faults(1_000, 5_000);

describe('a provider that misbehaves', () => {
  let world: World;
  afterEach(() => world?.close());

  /** When the provider was asked for each message to tokens that begin so. */
  const requestsTo = (prefix: string): number[][] => {
    const found = new Map<string, number[]>();
    for (const entry of world.log()) {
      if (entry.kind !== 'request' || !entry.address.startsWith(prefix)) continue;
      const key = `${entry.messageId} ${entry.address}`;
      found.set(key, [...(found.get(key) ?? []), Date.parse(entry.at)]);
    }
    return [...found.values()];
  };

  /** A campaign, to its end. @returns its id */
  async function campaign(overrides: Record<string, unknown> = {}): Promise<string> {
    const id = await createCampaign(world.api, overrides);
    await launch(world.api, id);
    if (world.workers.size === 0) await world.worker();
    await world.drained(120_000);
    return id;
  }

  /**
   * A campaign to users with troubles, among as many messages to others as keep the circuit closed, whose rests are another test's.
   * The last WELL users are the others. @returns its history; what holds of the whole has been checked
   */
  async function amongTheWell(users: number, overrides: Record<string, unknown>): Promise<History> {
    const post = (path: string, body: object) => world.api.http.post(path).set(auth(world.api.keys.marketer)).send(body);
    await post('/v1/segments', { key: 'well', name: 'Well', static: true }).expect(201);
    await post('/v1/segments/well/members', { add: Array.from({ length: WELL }, (_, i) => `u-${users + i}`) }).expect(200);
    const id = await createCampaign(world.api, { audience: { include: ['everyone'], exclude: ['well'] }, ...overrides });
    const open = async (which: 'troubled' | 'others'): Promise<number> => (
      await world.api.db.raw(`select from campaigns where (id = $1) = $2 and status in ('scheduled', 'running')`, [id, which === 'troubled'])).length;
    await launch(world.api, id);
    await world.worker();
    await world.until('the troubled done', 120_000, async () => {
      if ((await open('others')) < 2) await launch(world.api, await createCampaign(world.api, { audience: { include: ['well'], exclude: [] } }));
      return (await open('troubled')) === 0;
    });
    await world.drained();
    const history = await world.history();
    const [troubled, others] = [history.of((row) => row.campaignId === id), history.of((row) => row.campaignId !== id)];
    expect([...history.doubles(), ...history.acceptedButDenied(), ...troubled.violations(users), ...others.violations(WELL)]).toEqual([]);
    return troubled;
  }

  /** Gives EACH users for each behaviour a token that the gateway treats so. */
  async function tokens(behaviours: string[]): Promise<void> {
    for (const [i, behaviour] of behaviours.entries()) {
      await world.api.db.raw(
        `update devices as d set token = 'gw-' || $1 || '-' || u.user_id from users as u
         where u.id = d.user_id and u.id > $2 and u.id <= $3`, [behaviour, i * EACH, (i + 1) * EACH]);
    }
  }

  async function outcomes(): Promise<Record<string, Record<string, number>>> {
    const rows = await world.api.db.raw<{ kind: string; state: string; n: number }>(
      `select coalesce(substring(x.token from '^gw-([a-z0-9_]+)-'), 'ok') as kind, d.state || coalesce(' ' || d.reason, '') as state, count(*)::integer as n
       from deliveries as d left join devices as x on x.user_id = d.user_id group by 1, 2`);
    const found: Record<string, Record<string, number>> = {};
    for (const { kind, state, n } of rows) (found[kind] ??= {})[state] = n;
    return found;
  }

  it('F16 accept-then-reset, accept-then-hang and garbage: one request each, in doubt; 503, 500, 429: at most three, spaced', async () => {
    const behaviours = ['reset', 'hang', 'garbage', '500_empty', '503', '500', '429'];
    const users = behaviours.length * EACH;
    world = await World.start({ users: users + WELL, env: { SLICE_LEASE_MS: '6000', CHUNK_LEASE_MS: '6000', REQUEST_TIMEOUT_MS: '3000' } });
    await tokens(behaviours);
    await world.gateways.behave({ channel: 'push', prefix: 'gw-429-', behaviour: '429', retryAfter: 2 });
    await amongTheWell(users, {});
    for (const once of ['reset', 'hang', 'garbage', '500_empty']) {
      const times = requestsTo(`gw-${once}-`);
      expect(times.length).toBe(EACH);
      expect(times.every((t) => t.length === 1)).toBe(true);
    }
    for (const refused of ['503', '500', '429']) {
      const times = requestsTo(`gw-${refused}-`);
      expect(times.length).toBe(EACH);
      expect(Math.max(...times.map((t) => t.length))).toBeLessThanOrEqual(3);
      const gaps = times.flatMap((t) => t.slice(1).map((at, i) => at - t[i]!));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(refused === '429' ? 2_000 : 450);
    }
    const found = await outcomes();
    expect(found['reset']).toEqual({ unknown: EACH });
    expect(found['hang']).toEqual({ unknown: EACH });
    expect(found['503']).toEqual({ 'failed provider_rejected': EACH });
    expect(Object.keys(found['ok']!)).toEqual(['sent']);
  });

  it('F16 onDoubt: resend asks three times at most, flags it, and counts the message once', async () => {
    world = await World.start({ users: EACH + WELL });
    await tokens(['hang']);
    const history = await amongTheWell(EACH, { onDoubt: 'resend' });
    const times = requestsTo('gw-hang-');
    expect(times.length).toBe(EACH);
    expect(new Set(times.map((t) => t.length))).toEqual(new Set([3]));
    expect(history.rows.filter((row) => row.doubts === 2 && row.state === 'unknown')).toHaveLength(EACH);
  });

  it('F17 UNREGISTERED takes that token at once and serves the other devices; a bad payload here and there keeps its token', async () => {
    // Of 22 users 19 have a dead token, ten of these a second device that lives; the payload of one is refused; two are well. Not of every
    // 22 by number: a chunk takes every n-th of them, and where n is 11, half of one chunk would have a bad payload.
    const users = MIXED * 11 / 10;
    const shuffled = `(select id, row_number() over (order by md5(id::text)) as n from users) as u`;
    world = await World.start({ users });
    await world.api.db.raw(`update devices as d set token = 'gw-' || case when u.n % 22 = 1 then '400' else '404' end || '-' || d.user_id
      from ${shuffled} where u.id = d.user_id and u.n % 11 > 0`);
    await world.api.db.raw(`insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
      select sha256(convert_to('second' || u.id, 'UTF8')), 'second-' || u.id, u.id, 'ios', 'granted', now() from ${shuffled} where u.n % 22 > 0 and u.n % 2 = 0`);
    await campaign();
    const refused = [...requestsTo('gw-404-'), ...requestsTo('gw-400-')];
    expect(refused.length).toBe(MIXED);
    expect(refused.every((times) => times.length === 1)).toBe(true);
    expect(await world.api.db.raw(`select token from devices where token like 'gw-404-%'`)).toEqual([]);
    expect(await world.api.db.raw(`select from devices where token like 'gw-400-%'`)).toHaveLength(users / 22);
    expect((await world.history()).violations(users)).toEqual([]);
    expect(await world.states()).toEqual({
      sent: 12 * users / 22, 'failed invalid_address': 9 * users / 22, 'failed provider_rejected': users / 22,
    });
  });

  it('F17 a bad payload keeps the tokens and pauses the campaign', async () => {
    world = await World.start({ users: 300 });
    await world.gateways.behave({ channel: 'push', behaviour: '400', every: 2 });
    const bad = await createCampaign(world.api, {});
    await launch(world.api, bad);
    await world.worker();
    const read = async (): Promise<{ status: string; statusReason: string }> => (
      (await world.api.http.get(`/v1/campaigns/${bad}`).set(auth(world.api.keys.marketer))).body);
    await world.until('paused', 60_000, async () => (await read()).status === 'paused');
    expect((await read()).statusReason).toMatch(/INVALID_ARGUMENT/);
    expect(await world.api.db.raw('select from devices')).toHaveLength(300);
    expect((await world.history()).doubles()).toEqual([]);
  });

  it('F18 mail: 421 and 450 are tried again, 550 suppresses the address, a drop after the data is in doubt, a hanging greeting ends in time', async () => {
    const kinds = ['421', '450', '550', 'drop'];
    const users = kinds.length * MAILS;
    world = await World.start({ users, env: { SLICE_LEASE_MS: '6000', CHUNK_LEASE_MS: '6000', REQUEST_TIMEOUT_MS: '1500' } });
    await world.api.http.post('/v1/templates').set(auth(world.api.keys.marketer)).send({ key: 'mail', channel: 'email', defaultLocale: 'en', content: { en: { subject: 'Hi', html: '<p>News</p>' } } }).expect(201);
    for (let round = 0; round < MAIL_ROUNDS; round++) {
      // New addresses: those of the round before are suppressed by now.
      const people = Array.from({ length: users }, (_, i) => ({ userId: `u-${i}`, email: `gw-${kinds[i % kinds.length]}-${round}.${i}@example.org` }));
      await world.api.http.post('/v1/users/batch').set(auth(world.api.keys.ingest)).send({ users: people }).expect(200);
      await world.gateways.behave({ channel: 'email', address: 'greeting', behaviour: 'hang', times: MAILS });
      await campaign({ channel: 'email', template: 'mail' });
    }
    // The first connections all hung, and there were more.
    expect((await world.gateways.totals()).smtp.opened).toBeGreaterThan(MAIL_ROUNDS * MAILS);
    const history = await world.history();
    expect(history.violations(users)).toEqual([]);
    const states = await world.api.db.raw<{ kind: string; state: string; n: number }>(
      `select substring(u.email from '^gw-([a-z0-9]+)-') as kind, d.state::text, count(*)::integer as n
       from deliveries as d join users as u on u.id = d.user_id group by 1, 2 order by 1, 2`);
    const all = MAIL_ROUNDS * MAILS;
    expect(states.map(({ kind, state, n }) => `${n} ${kind} ${state}`)).toEqual([`${all} 421 failed`, `${all} 450 failed`, `${all} 550 failed`, `${all} drop unknown`]);
    expect(await world.api.db.raw('select from suppressions')).toHaveLength(all);
  });
});
