import { createCampaign, launch } from '../factories/campaigns.js';
import { auth } from '../support/test-app.js';
import { faults } from './counts.js';
import { World } from './world.js';

const EACH = faults(100, 200);
/** Answers that are refused for good, of both kinds. */
const MIXED = faults(1_000, 5_000);
const MAILS = faults(50, 200);

describe('a provider that misbehaves', () => {
  let world: World;
  afterEach(() => world?.close());

  const requestsTo = (prefix: string): Map<string, number[]> => {
    const found = new Map<string, number[]>();
    for (const entry of world.log()) {
      if (entry.kind === 'request' && entry.address.startsWith(prefix)) found.set(entry.address, [...(found.get(entry.address) ?? []), Date.parse(entry.at)]);
    }
    return found;
  };

  /** Gives EACH users for each behaviour, one in `every`, a token that the gateway treats so. */
  async function tokens(behaviours: string[], every = 1): Promise<void> {
    for (const [i, behaviour] of behaviours.entries()) {
      await world.api.db.raw(
        `update devices as d set token = 'gw-' || $1 || '-' || u.user_id from users as u
         where u.id = d.user_id and u.id % $4 = 0 and u.id / $4 > $2 and u.id / $4 <= $3`, [behaviour, i * EACH, (i + 1) * EACH, every]);
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
    // Two healthy ones to each that is not: so many troubles in a row would open the circuit, whose rests are another test's.
    const users = 3 * behaviours.length * EACH;
    world = await World.start({ users, env: { SLICE_LEASE_MS: '6000', CHUNK_LEASE_MS: '6000', REQUEST_TIMEOUT_MS: '1000' } });
    await tokens(behaviours, 3);
    await world.gateways.behave({ channel: 'push', prefix: 'gw-429-', behaviour: '429', retryAfter: 2 });
    await launch(world.api, await createCampaign(world.api, {}));
    await world.worker();
    await world.drained(120_000);
    const history = await world.history();
    expect(history.violations(users)).toEqual([]);
    for (const once of ['reset', 'hang', 'garbage', '500_empty']) {
      expect([...requestsTo(`gw-${once}-`).values()].every((times) => times.length === 1)).toBe(true);
    }
    for (const refused of ['503', '500', '429']) {
      const times = [...requestsTo(`gw-${refused}-`).values()];
      expect(times.length).toBe(EACH);
      expect(Math.max(...times.map((t) => t.length))).toBeLessThanOrEqual(3);
      const gaps = times.flatMap((t) => t.slice(1).map((at, i) => at - t[i]!));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(refused === '429' ? 2_000 : 450);
    }
    const found = await outcomes();
    expect(found['reset']).toEqual({ unknown: EACH });
    expect(found['hang']).toEqual({ unknown: EACH });
    expect(found['503']).toEqual({ 'failed provider_rejected': EACH });
    expect(found['ok']).toEqual({ sent: 2 * behaviours.length * EACH });
  });

  it('F16 onDoubt: resend asks three times at most, flags it, and counts the message once', async () => {
    const users = 3 * EACH;
    world = await World.start({ users });
    await tokens(['hang'], 3);
    await launch(world.api, await createCampaign(world.api, { onDoubt: 'resend' }));
    await world.worker();
    await world.drained();
    const history = await world.history();
    expect(history.violations(users)).toEqual([]);
    const times = [...requestsTo('gw-hang-').values()];
    expect(times.length).toBe(EACH);
    expect(new Set(times.map((t) => t.length))).toEqual(new Set([3]));
    expect(history.rows.filter((row) => row.doubts === 2 && row.state === 'unknown')).toHaveLength(EACH);
  });

  it('F17 UNREGISTERED takes that token at once and serves the other devices; a bad payload here and there keeps its token', async () => {
    // Of 22 users 19 have a dead token, ten of these a second device that lives; the payload of one is refused; two are well.
    const users = MIXED * 11 / 10;
    world = await World.start({ users });
    await world.api.db.raw(`update devices set token = 'gw-' || case when user_id % 22 = 1 then '400' else '404' end || '-' || user_id where user_id % 11 > 0`);
    await world.api.db.raw(`insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
      select sha256(convert_to('second' || id, 'UTF8')), 'second-' || id, id, 'ios', 'granted', now() from users where id % 22 > 0 and id % 2 = 0`);
    await launch(world.api, await createCampaign(world.api, {}));
    await world.worker();
    await world.drained();
    const [dead, refused] = [requestsTo('gw-404-'), requestsTo('gw-400-')];
    expect(dead.size + refused.size).toBe(MIXED);
    expect([...dead.values(), ...refused.values()].every((times) => times.length === 1)).toBe(true);
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
    // A third that are well: so many troubles in a row would open the circuit.
    const kinds = ['421', 'ok', '450', 'ok', '550', 'drop'];
    const users = kinds.length * MAILS;
    world = await World.start({ users, env: { SLICE_LEASE_MS: '6000', CHUNK_LEASE_MS: '6000', REQUEST_TIMEOUT_MS: '1500' } });
    const mail = Array.from({ length: users }, (_, i) => ({ userId: `u-${i}`, email: `gw-${kinds[i % kinds.length]}-${i}@example.org` }));
    for (let at = 0; at < users; at += 500) {
      await world.api.http.post('/v1/users/batch').set(auth(world.api.keys.ingest)).send({ users: mail.slice(at, at + 500) }).expect(200);
    }
    await world.gateways.behave({ channel: 'email', address: 'greeting', behaviour: 'hang', times: MAILS });
    await world.api.http.post('/v1/templates').set(auth(world.api.keys.marketer)).send({ key: 'mail', channel: 'email', defaultLocale: 'en', content: { en: { subject: 'Hi', html: '<p>News</p>' } } }).expect(201);
    await launch(world.api, await createCampaign(world.api, { channel: 'email', template: 'mail' }));
    await world.worker();
    await world.drained(120_000);
    // Each of the first connections hung, and there were more.
    expect((await world.gateways.totals()).smtp.opened).toBeGreaterThan(MAILS);
    const history = await world.history();
    expect(history.violations(users)).toEqual([]);
    const states = await world.api.db.raw<{ kind: string; state: string; n: number }>(
      `select substring(u.email from '^gw-([a-z0-9]+)-') as kind, d.state::text, count(*)::integer as n
       from deliveries as d join users as u on u.id = d.user_id group by 1, 2 order by 1, 2`);
    expect(states.map(({ kind, state, n }) => `${n} ${kind} ${state}`)).toEqual([
      `${MAILS} 421 failed`, `${MAILS} 450 failed`, `${MAILS} 550 failed`, `${MAILS} drop unknown`, `${2 * MAILS} ok sent`]);
    expect(await world.api.db.raw('select from suppressions')).toHaveLength(MAILS);
  });
});
