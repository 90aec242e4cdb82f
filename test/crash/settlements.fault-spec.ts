import { SocketProxy } from '../support/socket-proxy.js';
import { faults } from './counts.js';
import { dieAt, healed, inTurn, keptBusy, killed } from './deaths.js';
import { World } from './world.js';

const USERS = 150;
/** At which settlement of its life a worker dies. */
const PASSINGS = [1, 2, 3];

describe('kill -9 of a worker that settles', () => {
  let world: World;
  const kills = faults(20, 100);
  beforeAll(async () => {
    world = await World.start({ users: USERS });
  });
  afterAll(() => world?.close());

  it.each([
    ['before the COMMIT', 'committing/settle-deliveries'],
    ['straight after the COMMIT', 'committed/settle-deliveries'],
  ])('F7 %s: nobody twice, nobody lost', async (_, point) => {
    await keptBusy(world, USERS, () => inTurn(kills, (n) => dieAt(world, point, PASSINGS[n % PASSINGS.length]!)));
    await healed(world, USERS);
  });

  it('F7 while the server carries it out: nobody twice, nobody lost', async () => {
    const { pathname, searchParams, username } = new URL(world.api.databaseUrl.replace('@/', '@host/'));
    const socket = `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port')}`;
    const dieSettling = async (): Promise<void> => {
      const proxy = await SocketProxy.to({ path: socket });
      const asked = proxy.loseAnswerTo('settle-deliveries');
      const worker = await world.worker({ DATABASE_URL: `postgres://${username}@127.0.0.1:${proxy.port}${pathname}` });
      await asked;
      worker.kill('SIGKILL');
      await killed(worker);
      world.faults++;
      await proxy.close();
    };
    await keptBusy(world, USERS, () => inTurn(kills, dieSettling));
    await healed(world, USERS);
  });
});
