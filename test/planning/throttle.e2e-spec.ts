import { readFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../src/platform/clock/index.js';
import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { startGateways, type Gateways } from '../support/gateways.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const MINUTE = 60_000;

/** How many of the instants (ms, ascending) fall into the fullest window of `ms`. */
function fullest(instants: readonly number[], ms: number): number {
  let [most, first] = [0, 0];
  instants.forEach((at, i) => {
    while (instants[first]! <= at - ms) first++;
    most = Math.max(most, i - first + 1);
  });
  return most;
}

describe('a throttle on the gateway’s log', () => {
  const log = join(mkdtempSync(join(tmpdir(), 'rapport-throttle-')), 'log.jsonl');
  let gateways: Gateways;
  let apps: TestApp[];
  beforeAll(async () => {
    gateways = await startGateways({ log });
    const env = { FCM_PROJECT_ID: 'demo-throttle', FCM_ENDPOINT: gateways.fcmUrl };
    const clock = new SystemClock() as never;
    const first = await startTestApp({ env, clock, automatic: true });
    apps = [first, await startTestApp({ env, clock, automatic: true, databaseUrl: first.databaseUrl })];
    await prepareCatalogue(first);
  });
  afterAll(async () => {
    for (const app of [...(apps ?? [])].reverse()) await app.close();
    await gateways?.stop();
  });

  /** People with so many devices, in turn, get a campaign of 1,019 a minute. @returns the instants of its `count` requests in ms, ascending. */
  async function requests(count: number, devices: readonly number[]): Promise<number[]> {
    const [t] = apps as [TestApp];
    // In a transaction, because it is tried again: two workers plan meanwhile, and a truncate may deadlock with them.
    await t.db.transaction((tx) => tx.raw('truncate users, campaigns, deliveries, chunks cascade'));
    await insertReachableUsers(t.db, (count / devices.reduce((sum, n) => sum + n)) * devices.length, 'p', new Date(), devices);
    const { accepts } = (await gateways.counts()).totals.push;
    const lines = (): string[] => (accepts === 0 ? [] : readFileSync(log, 'utf8').trim().split('\n'));
    const before = lines().length;
    await launch(t, await createCampaign(t, { throttlePerMinute: 1_019 }));
    while ((await gateways.counts()).totals.push.accepts < accepts + count) await new Promise((resolve) => setTimeout(resolve, 100));
    return readFileSync(log, 'utf8').trim().split('\n').slice(before).map((line) => JSON.parse(line) as { kind: string; monotonicMs: number })
      .filter(({ kind }) => kind === 'request').map(({ monotonicMs }) => monotonicMs);
  }

  it.each([
    ['one device each', [1]], ['two devices each', [2]], ['one, two or three devices', [1, 2, 3]],
  ])('1,019 a minute are sent evenly over two workers to people with %s: no shorter window holds more than its share', async (_, devices) => {
    const instants = await requests(204, devices);
    expect(instants).toHaveLength(204);
    // Give or take the lateness of one request.
    for (const ms of [2_000, 5_000, 10_000]) expect(fullest(instants, ms)).toBeLessThanOrEqual(Math.ceil(((ms + 2_000) / MINUTE) * 1_019));
    // And it is used: 204 at 1,019 a minute are 12 s, not many more.
    expect(instants.at(-1)! - instants[0]!).toBeGreaterThan((203 / 1_019) * MINUTE * 0.95);
    expect(instants.at(-1)! - instants[0]!).toBeLessThan((203 / 1_019) * MINUTE * 1.6);
  }, 120_000);

  // Over two minutes of it: asked for by RAPPORT_THROTTLE=minute.
  (process.env.RAPPORT_THROTTLE === 'minute' ? it : it.skip)('1,019 a minute means at most 1,019 in any 60 s', async () => {
    const instants = await requests(2_202, [1, 2]);
    const most = fullest(instants, MINUTE);
    const seconds = [1_000, 5_000, 10_000].map((ms) => `${fullest(instants, ms)} in ${ms / 1_000} s`).join(', ');
    console.log(`${instants.length} requests in ${((instants.at(-1)! - instants[0]!) / 1_000).toFixed(1)} s; at most ${most} in 60 s, ${seconds}`);
    expect(instants).toHaveLength(2_202);
    expect(most).toBeLessThanOrEqual(1_019);
    expect(most).toBeGreaterThan(1_019 * 0.9);
  }, 400_000);
});
