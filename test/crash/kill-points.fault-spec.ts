import { faults } from './counts.js';
import { dieAt, healed, inTurn, keptBusy } from './deaths.js';
import { World } from './world.js';

/** point, and at which of its passings in a worker's life the fault strikes */
const POINTS: [name: string, nth: string, passings: number[]][] = [
  ['F4 a worker dies holding a chunk of which nothing is claimed', 'chunk.leased', [1, 2]],
  ['F5 a worker dies with a claim committed and nothing sent', 'committed/open-slice', [1, 2, 3]],
  ['F5 a worker dies just before the COMMIT of a claim', 'committing/open-slice', [1, 2, 3]],
  ['F6 a worker dies on the first answers, with others on the way', 'send.answered', [1, 40, 120]],
];

const USERS = 150;

describe('kill -9 of a worker that sends', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ users: USERS });
  });
  afterAll(() => world?.close());

  it.each(POINTS)('%s: nobody twice, nobody lost', async (_, point, passings) => {
    await keptBusy(world, USERS, () => inTurn(faults(20, 100), (n) => dieAt(world, point, passings[n % passings.length]!)));
    await healed(world, USERS);
  });
});
