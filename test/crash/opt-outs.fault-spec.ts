import { setTimeout as rest } from 'node:timers/promises';
import { createCampaign, launch } from '../factories/campaigns.js';
import { auth } from '../support/test-app.js';
import { faults } from './counts.js';
import { World } from './world.js';

describe('orders that race with sending', () => {
  let world: World;
  afterEach(() => world?.close());

  it('F22 opt-outs, a pause and a cancel while sending: nothing later than a request under way', async () => {
    // Thirty slices, one after the other: the provider is so slow that sending outlasts the opt-outs.
    world = await World.start({ users: 1_500, gateway: { latencyMs: faults(100, 600) }, env: { SEND_CONCURRENCY: '1' } });
    // So many opt-outs would pause both campaigns by themselves, which is not what is asked here.
    await world.api.http.patch('/v1/settings').set(auth(world.api.adminKey)).send({ optOutTolerance: 1 }).expect(200);
    const [paused, cancelled] = [await createCampaign(world.api, {}), await createCampaign(world.api, {})];
    for (const id of [paused, cancelled]) await launch(world.api, id);
    await world.worker();
    await world.until('sending', 20_000, async () => (await world.accepts()) > 0);
    const acknowledged = new Map<string, number>();
    const leave = async (user: string): Promise<void> => {
      await world.api.http.put(`/v1/users/${user}/subscriptions`).set(auth(world.api.keys.ingest)).send({ channel: 'push', state: 'unsubscribed' }).expect(200);
      acknowledged.set(user, Date.now());
    };
    for (let i = 0; i < faults(50, 500); i += 10) await Promise.all(Array.from({ length: 10 }, (_, n) => leave(`u-${((i + n) * 29) % 1_500}`)));
    const verb = async (id: string, name: string): Promise<number> => {
      await world.api.http.post(`/v1/campaigns/${id}/${name}`).set(auth(world.api.keys.marketer)).send({}).expect(200);
      return Date.now();
    };
    const stops = new Map([[paused, await verb(paused, 'pause')], [cancelled, await verb(cancelled, 'cancel')]]);
    await rest(3_000);
    const early = await world.history();
    const late = early.requestsOf((row, at) => at > stops.get(row.campaignId)! + 2_000);
    expect(late).toEqual([]);
    await verb(paused, 'resume');
    await world.drained();
    const history = await world.history();
    expect(history.violations(1_500)).toEqual([]);
    expect(history.afterOptOut(acknowledged, 2_000)).toEqual([]);
    expect(history.count('unknown')).toBe(0);
  });
});
