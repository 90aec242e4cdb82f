import { setTimeout as rest } from 'node:timers/promises';
import { createCampaign, launch } from '../factories/campaigns.js';
import { auth } from '../support/test-app.js';
import { faults } from './counts.js';
import { World } from './world.js';

describe('orders that race with sending', () => {
  let world: World;
  afterEach(() => world?.close());

  it('F22 opt-outs, a pause and a cancel while sending: nothing later than a request under way', async () => {
    world = await World.start({ users: 1_500, gateway: { latencyMs: 100 }, env: { SEND_CONCURRENCY: '1' } });
    const [paused, cancelled] = [await createCampaign(world.api, {}), await createCampaign(world.api, {})];
    for (const id of [paused, cancelled]) await launch(world.api, id);
    await world.worker();
    await world.until('sending', 20_000, async () => (await world.accepts()) > 0);
    const acknowledged = new Map<string, number>();
    for (let i = 0; i < faults(50, 500); i++) {
      const user = `u-${(i * 29) % 1_500}`;
      await world.api.http.put(`/v1/users/${user}/subscriptions`).set(auth(world.api.keys.ingest)).send({ channel: 'push', state: 'unsubscribed' }).expect(200);
      acknowledged.set(user, Date.now());
    }
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
