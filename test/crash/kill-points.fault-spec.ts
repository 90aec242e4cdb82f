import { setTimeout as rest } from 'node:timers/promises';
import { createCampaign, launch } from '../factories/campaigns.js';
import { faults } from './counts.js';
import { World } from './world.js';

/** What one worker can have in flight: five places (four and the fast one), a slice each. */
const IN_FLIGHT = 500;

/** point, and at which of its passings in a worker's life the fault strikes */
const POINTS: [name: string, nth: string, passings: number[]][] = [
  ['F3 the planner dies with a batch decided and not committed', 'committing/mark-wave-bucket', [1]],
  ['F3 the planner dies straight after its commit', 'committed/mark-wave-bucket', [1]],
  ['F4 a worker dies holding a chunk of which nothing is claimed', 'chunk.leased', [1, 2]],
  ['F5 a worker dies with a claim committed and nothing sent', 'committed/open-slice', [1, 2, 3]],
  ['F5 a worker dies just before the COMMIT of a claim', 'committing/open-slice', [1, 2, 3]],
  ['F6 a worker dies on the first answers, with others on the way', 'send.answered', [1, 40, 150]],
  ['F7 a worker dies before the COMMIT of a settlement', 'committing/settle-deliveries', [1, 2, 3]],
  ['F7 a worker dies straight after the COMMIT of a settlement', 'committed/settle-deliveries', [1, 2, 3]],
];

const USERS = 400;

describe('kill -9 of a worker', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ users: USERS });
  });
  afterAll(() => world?.close());

  it.each(POINTS)('%s: nobody twice, nobody lost', async (_, point, passings) => {
    const kills = faults(6, 100);
    const already = world.faults;
    for (let kill = 0; kill < kills;) {
      const doomed = Math.min(3, kills - kill);
      const batch = await Promise.all(Array.from({ length: doomed }, (_unused, i) => (
        world.worker({ FAILPOINT: `${point}:${passings[(kill + i) % passings.length]}:kill` }))));
      // One for each to die on, and one after the other: a pass takes all that is due. What they leave is for the next ones.
      for (let i = 0; i < doomed; i++) {
        await launch(world.api, await createCampaign(world.api, {}));
        await rest(500);
      }
      const ends = await Promise.all(batch.map((w) => Promise.race([w.exited, world.drained(10_000).then(() => null, () => null)])));
      world.faults += ends.filter((end) => end?.signal === 'SIGKILL').length;
      kill += doomed;
      // Who found nothing left to die on goes in peace: a fault that did not strike counts for nothing.
      await Promise.all(batch.map((w) => w.leave()));
    }
    expect(world.faults - already).toBeGreaterThanOrEqual(kills / 2);
    const healthy = await world.worker();
    expect(await world.drained()).toBeLessThan(30_000);
    await healthy.leave();
    const history = await world.history();
    expect(history.violations(USERS)).toEqual([]);
    expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * IN_FLIGHT);
    expect(history.count('sent') + history.count('unknown')).toBe(history.rows.length);
  });
});
