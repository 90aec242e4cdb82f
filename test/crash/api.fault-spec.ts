import { auth } from '../support/test-app.js';
import { faults } from './counts.js';
import { World, type ApiServer } from './world.js';

interface Answer {
  status: number;
  text: string;
  replayed: boolean;
}

/** A POST under its key, by a client that has no other way of knowing what became of it than to ask again. */
type Request = (server: ApiServer) => Promise<Answer>;

/** Where the process dies: whether the work is done by then, and how often the repetition of one that is not done passes the point. */
const DEATHS = [
  { name: 'F1 before the first statement of the work', point: 'idempotency.locked', done: false },
  { name: 'F1 with the work written and not committed', point: 'committing/keep-idempotent-answer', done: false },
  { name: 'F2 after the commit, before the answer', point: 'committed/keep-idempotent-answer', done: true },
];

describe('kill -9 of an API process in the middle of a request', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ users: 3 });
  });
  afterAll(() => world?.close());

  const request = (path: string, body: object, key: string): Request => async ({ url }) => {
    const answer = await fetch(url + path, {
      method: 'POST', headers: { ...auth(world.api.keys.marketer), 'Content-Type': 'application/json', 'Idempotency-Key': key }, body: JSON.stringify(body),
    });
    return { status: answer.status, text: await answer.text(), replayed: answer.headers.get('idempotent-replayed') === 'true' };
  };
  const made = async (name: string): Promise<{ id: string; status: string }[]> => (
    world.api.db.raw('select id::text as id, status::text as status from campaigns where name = $1', [name]));
  const body = (name: string): object => ({
    name, channel: 'push', topic: 'promo', template: 'hello', audience: { include: ['everyone'], exclude: [] }, schedule: { type: 'now' },
  });

  it.each(DEATHS)('$name: the client sees an error, a repetition gets the first answer, the work is done once', async ({ name, point, done }) => {
    const kills = faults(done ? 20 : 10, done ? 200 : 100);
    // The process that repeats the last request passes the point in doing so, where that request was not carried out.
    const doomed = (nth: number): Promise<ApiServer> => world.server({ FAILPOINT: `${point}:${nth}:kill` });
    let next = doomed(1);
    let last: { send: Request; name: string } | undefined;
    for (let kill = 0; kill <= kills; kill++) {
      const server = await next;
      if (kill < kills) next = doomed(done ? 1 : 2);
      if (last) {
        const again = await last.send(server);
        expect({ ...again, text: '' }).toEqual({ status: kill % 2 === 1 ? 201 : 200, text: '', replayed: done });
        const third = await last.send(server);
        expect({ text: third.text, replayed: third.replayed }).toEqual({ text: again.text, replayed: true });
        const campaigns = await made(last.name);
        expect(campaigns).toEqual([{ id: (JSON.parse(again.text) as { id: string }).id, status: kill % 2 === 1 ? 'draft' : 'running' }]);
        const runs = await world.api.db.raw('select from runs where campaign_id = $1', [campaigns[0]!.id]);
        expect(runs).toHaveLength(kill % 2 === 1 ? 0 : 1);
      }
      if (kill === kills) {
        await server.process.end();
        break;
      }
      // A draft is made, and in the next round it is launched.
      const campaign = kill % 2 === 0 ? `${name} ${kill}` : last!.name;
      const send = kill % 2 === 0
        ? request('/v1/campaigns', body(campaign), `make ${campaign}`)
        : request(`/v1/campaigns/${(await made(campaign))[0]!.id}/launch`, {}, `launch ${campaign}`);
      await expect(send(server)).rejects.toThrow();
      expect((await server.process.exited).signal).toBe('SIGKILL');
      last = { send, name: campaign };
    }
  });
});
