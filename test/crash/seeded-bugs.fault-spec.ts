import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { PushSender } from '../../src/channels/index.js';
import { Claims } from '../../src/delivery/claims.js';
import { leaseChunk, readChunkCampaign } from '../../src/delivery/delivery.store.js';
import { SENDERS, type Senders } from '../../src/delivery/senders.js';
import { Settler } from '../../src/delivery/settler.js';
import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { auth, type TestApp } from '../support/test-app.js';
import { InProcess } from './in-process.js';

const USERS = 12;
const CAP = { limit: 1, windowMs: 24 * 3_600_000 };

type Scenario = (place: InProcess, other: () => Promise<TestApp>) => Promise<string[]>;
type Change = (text: string) => string;
interface Bug {
  readonly statements?: Readonly<Record<string, Change>>;
  readonly sender?: (push: PushSender) => Pick<PushSender, 'send'>;
}

const prepare = async ({ app }: InProcess): Promise<string> => {
  await putPolicy(app, { caps: [{ key: 'day', channel: 'push', limit: CAP.limit, window: { type: 'rolling', duration: 'PT24H' } }] });
  const id = await createCampaign(app, {});
  await launch(app, id);
  await app.loop('planner');
  return id;
};

/** A worker dies with answers in hand; another comes to the chunk at once, again when the lease is over, and a second campaign after that. */
const deadWorker: Scenario = async (place, other) => {
  await prepare(place);
  const settler = place.app.app.get(Settler);
  settler.settle = async () => Promise.reject(new Error('the worker is dead'));
  await place.drive('sender');
  await place.app.db.raw(`update chunks set lease_until = null, not_before = not_before - interval '1 hour' where closed_at is null`);
  const b = await other();
  await b.loop('sender');
  await place.timePasses();
  for (const loop of ['reaper', 'sender', 'reaper', 'campaign-scheduler']) await b.loop(loop);
  await launch(b, await createCampaign(b, {}));
  for (const loop of ['planner', 'sender', 'reaper']) await b.loop(loop);
  await b.close();
  return (await place.history()).violations(USERS, CAP);
};

/** No fault of ours: a bad payload, a passing 503, a phone that hangs up, an opt-out after the decision, a reaper during the send. */
const calmDay: Scenario = async (place) => {
  const { app } = place;
  const token = (user: string, name: string): Promise<unknown> => app.db.raw(
    'update devices set token = $2 where user_id = (select id from users where user_id = $1)', [user, name]);
  await token('u-0', 'gw-400-0');
  await token('u-1', 'gw-reset-1');
  await token('u-2', 'flaky-2');
  await place.gateways.behave({ channel: 'push', address: 'flaky-2', behaviour: '503', times: 1 });
  await prepare(place);
  await app.http.put('/v1/users/u-5/subscriptions').set(auth(app.keys.ingest)).send({ channel: 'push', state: 'unsubscribed' }).expect(200);
  const { push } = app.app.get<Senders>(SENDERS);
  const send = push.send.bind(push);
  let reaped: Promise<void> | undefined;
  push.send = async (...args) => {
    await (reaped ??= app.loop('reaper'));
    return send(...args);
  };
  await app.loop('sender');
  push.send = send;
  await place.drain();
  await launch(app, await createCampaign(app, {}));
  await place.drain();
  const history = await place.history();
  const doubts = history.transitions.filter((t) => t.after === 'unknown').length;
  return [
    ...history.violations(USERS, CAP), ...history.requestsOf((row) => row.clientId === 'u-5'),
    ...(doubts === 1 ? [] : [`${doubts} in doubt where one phone hung up`]),
    ...((await app.db.raw(`select from devices where token = 'gw-400-0'`)).length === 1 ? [] : ['a token is gone for a bad payload']),
  ];
};

/** A lease that somebody else has taken over, and one that the kill switch overtook, claim nothing. */
const lostLease: Scenario = async (place) => {
  const { app } = place;
  await prepare(place);
  const lease = async (owner: string) => (await app.db.query(leaseChunk, { owner, leaseMs: 60_000, lane: null, now: app.clock.now() }))[0]!;
  const claims = app.app.get(Claims);
  const stale = await lease('a');
  const [campaign] = await app.db.query(readChunkCampaign, { runId: stale.runId });
  await place.timePasses();
  const fresh = await lease('b');
  const wrong: string[] = [];
  if ((await claims.next(stale, campaign!)).kind !== 'nothing') wrong.push('claimed with a fence that is lost');
  await app.http.post('/v1/stop').set(auth(app.adminKey)).send({ reason: 'test' }).expect(200);
  if ((await claims.next(fresh, campaign!)).kind !== 'nothing') wrong.push('claimed after the kill switch');
  return wrong;
};

/** A settlement whose COMMIT went through unheard is repeated while what it put back into the queue is on its way again. */
const repeatedSettlement: Scenario = async (place, other) => {
  await place.gateways.behave({ channel: 'push', address: 'token-u-2', behaviour: '503', times: 1 });
  await prepare(place);
  const settler = place.app.app.get(Settler);
  const settle = settler.settle.bind(settler);
  let repeat = async (): Promise<void> => undefined;
  settler.settle = async (...args) => {
    await settle(...args);
    repeat = () => settle(...args);
  };
  await place.app.loop('sender');
  settler.settle = settle;
  place.clock.advance({ seconds: 61 });
  const b = await other();
  const theirs = b.app.get(Settler);
  const settleTheirs = theirs.settle.bind(theirs);
  theirs.settle = async (...args) => {
    await repeat();
    place.clock.advance({ seconds: 61 });
    await place.app.loop('sender');
    await settleTheirs(...args);
  };
  await b.loop('sender');
  await b.close();
  await place.drain();
  return (await place.history()).violations(USERS, CAP);
};

const swap = (from: string | RegExp, to: string): Change => (text) => text.replace(from, to);
const sql = (statement: string, from: string | RegExp, to: string): Bug => ({ statements: { [statement]: swap(from, to) } });

const BUGS: [name: string, scenario: Scenario, bug: Bug][] = [
  ['no fence: whoever once held a chunk may claim from it', lostLease, sql('open-slice', /k\.fence = (\$\d)::integer/, '$1::integer is not null')],
  ['the claim does not look at the kill switch', lostLease, sql('open-slice', 'e.stopped_at is not null', 'false')],
  ['mark after send: the slice does not cover its messages while they go out', deadWorker, sql('open-slice', 'max(m.id)', 'max(m.id) * 0')],
  ['the claim takes what the open slice of a dead worker covers', deadWorker, sql('open-slice', /and not exists \(\s*select from slices[\s\S]*?last_id\)/, '')],
  ['the reaper releases the cap of what is in doubt', deadWorker, sql('reap-slices', 'else i.now end,', 'else null end,')],
  ['the reaper queues again what is in doubt', deadWorker, sql('reap-slices', "c.definition ->> 'onDoubt' = 'resend' as resend", 'true as resend')],
  ['the claim does not look again at opt-outs', calmDay, sql('open-slice', "bool_or(b.state = 'unsubscribed')", 'false')],
  ['the reaper ignores leases', calmDay, sql('reap-slices', 's.lease_until < clock_timestamp()', 'true')],
  ['a settlement releases the cap of what was sent', calmDay, sql('settle-deliveries', "o.state in ('sent', 'unknown')", 'false')],
  ['a settlement calls sent what was refused', calmDay, sql('settle-deliveries', 'set state = o.state::delivery_state', "set state = replace(o.state, 'failed', 'sent')::delivery_state")],
  ['any 400 deletes the token', calmDay, { sender: (push) => ({
    send: async (...args) => {
      const result = await push.send(...args);
      return result.kind === 'refused' && result.code === 'INVALID_ARGUMENT' ? { ...result, addressGone: true } : result;
    },
  }) }],
  ['the sender tries again by itself what is in doubt', calmDay, { sender: (push) => ({
    send: async (...args) => {
      const result = await push.send(...args);
      return result.kind === 'ambiguous' ? push.send(...args) : result;
    },
  }) }],
  ['a repeated settlement queues again what is on its way', repeatedSettlement, { statements: {
    'settle-deliveries': swap('and s.closed_at is null', ''), 'requeue-deliveries': swap(/and d\.chunk_id = \$\d+::bigint/, ''),
  } }],
];

describe('a seeded bug is caught', () => {
  const original = pg.Client.prototype.query as (...args: unknown[]) => unknown;
  let folder: string;
  let place: InProcess;
  const struck = new Set<string>();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rapport-bug-'));
    place = await InProcess.start(USERS, join(folder, 'gateway.jsonl'));
    struck.clear();
  });
  afterEach(async () => {
    pg.Client.prototype.query = original as never;
    await place?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Gives the program another text of a statement on its way to the driver, or another sender. */
  function sow({ statements = {}, sender }: Bug): void {
    pg.Client.prototype.query = function (this: pg.Client, config: { name?: string; text?: string }, ...rest: unknown[]) {
      const change = config?.name === undefined ? undefined : statements[config.name];
      if (!change) return original.call(this, config, ...rest);
      const text = change(config.text!);
      if (text !== config.text) struck.add(config.name!);
      return original.call(this, { ...config, text, name: `${config.name}-bug` }, ...rest);
    } as never;
    if (!sender) return;
    const { push } = place.app.app.get<Senders>(SENDERS);
    const healthy = { send: push.send.bind(push) } as PushSender;
    push.send = sender(healthy).send;
  }

  it.each([['dead worker', deadWorker], ['calm day', calmDay], ['lost lease', lostLease], ['repeated settlement', repeatedSettlement]])(
    'and without one nothing is found: %s', async (_, scenario) => {
      expect(await scenario(place, () => place.another())).toEqual([]);
    });

  it.each(BUGS)('%s', async (_, scenario, bug) => {
    sow(bug);
    const wrong = await scenario(place, () => place.another()).catch((error: Error) => [error.message]);
    expect([...struck].sort()).toEqual(Object.keys(bug.statements ?? {}).sort());
    expect(wrong).not.toEqual([]);
  });
});
