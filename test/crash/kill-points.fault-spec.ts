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

describe('kill -9 of a worker', () => {
  let world: World;
  afterEach(() => world?.close());

  it.each(POINTS)('%s: nobody twice, nobody lost', async (_, point, passings) => {
    const kills = faults(4, 100);
    world = await World.start({ users: 1_500 });
    for (let i = 0; i < 2; i++) await launch(world.api, await createCampaign(world.api, {}));
    for (let kill = 0; kill < kills;) {
      const batch = await Promise.all(Array.from({ length: Math.min(4, kills - kill) }, (_unused, i) => (
        world.worker({ FAILPOINT: `${point}:${passings[(kill + i) % passings.length]}:kill` }))));
      const ends = await Promise.all(batch.map((w) => Promise.race([w.exited, world.drained(10_000).then(() => null, () => null)])));
      const struck = ends.filter((end) => end?.signal === 'SIGKILL').length;
      world.faults += struck;
      kill += batch.length;
      // Who found nothing left to die on goes in peace: a fault that did not strike counts for nothing.
      await Promise.all(batch.map((w) => w.leave()));
      if (struck === 0) break;
    }
    expect(world.faults).toBeGreaterThan(0);
    await world.worker();
    await world.drained();
    const history = await world.history();
    expect(history.violations(1_500)).toEqual([]);
    expect(history.count('unknown')).toBeLessThanOrEqual(world.faults * IN_FLIGHT);
    expect(history.count('sent') + history.count('unknown')).toBe(3_000);
  });
});
