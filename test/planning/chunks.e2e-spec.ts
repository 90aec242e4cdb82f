import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { mutateSql } from '../support/mutated-sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const [USERS, MOST] = [1_700, 500];

interface Chunk {
  size: number;
  rows: number;
  neighbours: number;
}

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await prepareCatalogue(t);
  await insertReachableUsers(t.db, USERS, 'p', t.clock.now());
});
afterAll(() => t?.close());
beforeEach(() => t.db.raw('truncate campaigns, deliveries, chunks cascade'));

/** What a launch to everybody puts into chunks; neighbours: rows whose next queued user is of the same chunk. */
async function decided(): Promise<Chunk[]> {
  await launch(t, await createCampaign(t, { holdout: 0.1 }));
  await t.loop('planner');
  return t.db.raw<Chunk>(`
    select k.size, count(d.chunk_id)::integer as rows, count(*) filter (where d.next = k.id)::integer as neighbours
    from chunks as k
    left join (select q.chunk_id, lead(q.chunk_id) over (order by q.user_id) as next from deliveries as q where q.state = 'queued') as d on d.chunk_id = k.id
    group by k.id, k.size order by k.size desc, k.id`);
}

describe('the messages of a launch', () => {
  it('lie in as few chunks of at most 500 as hold them, evenly and apart, each as large as it says', async () => {
    const chunks = await decided();
    const [{ queued }] = await t.db.raw<{ queued: number }>(`select count(*)::integer as queued from deliveries where state = 'queued'`) as [{ queued: number }];
    expect(queued).toBeGreaterThan(2 * MOST);
    expect(queued).toBeLessThan(USERS);
    expect(chunks).toHaveLength(Math.ceil(queued / MOST));
    expect(chunks.reduce((sum, { rows }) => sum + rows, 0)).toBe(queued);
    for (const { size, rows, neighbours } of chunks) expect({ size: rows, neighbours }).toEqual({ size, neighbours: 0 });
    expect(chunks[0]!.size - chunks.at(-1)!.size).toBeLessThanOrEqual(1);
  });

  it.each([
    ['a chunk that says less than it holds', '(c.queued - s.part + c.parts - 1) / c.parts', 'c.queued / c.parts - 1'],
    ['neighbours in one chunk', '(e.nth - 1) % (select c.parts from chunked as c)', '(e.nth - 1) / 500'],
  ])('%s would be noticed', async (_, from, to) => {
    const mutation = mutateSql((sql) => sql.replace(from, to));
    const chunks = await decided().finally(() => mutation.undo());
    expect(mutation.hits()).toBeGreaterThan(0);
    expect(chunks.every(({ size, rows, neighbours }) => size === rows && neighbours === 0)).toBe(false);
  });
});
