import fc from 'fast-check';
import { EventsModule } from '../../src/events/index.js';
import { RecipientsModule } from '../../src/recipients/index.js';
import { ScoringModule } from '../../src/scoring/index.js';
import { Membership, SegmentsModule } from '../../src/segments/index.js';
import { SettingsModule } from '../../src/settings/index.js';
import { mutateSql } from '../support/mutated-sql.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { FollowedWorld, story } from './followed-world.js';
import { loadScene } from './world-loader.js';

const STORIES = Number(process.env.RAPPORT_PROPERTY_RUNS ?? 60);
/** Enough for each fault below to show, with this seed. */
const WITH_A_FAULT = { numRuns: 150, seed: 20_260_302, endOnFailure: true };

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ modules: [SettingsModule, RecipientsModule, EventsModule, ScoringModule, SegmentsModule] });
  await loadScene(t.db);
});
afterAll(() => t.close());

const property = fc.asyncProperty(story, async ({ rules, steps }) => {
  const world = new FollowedWorld(t);
  await world.begin(rules);
  for (const step of steps) {
    await world.take(step);
    await world.follow();
    const expected = world.expected();
    expect(await world.stored()).toEqual(expected);
    expect(await world.replayed()).toEqual(expected);
  }
  for (const { id, key } of await t.db.raw<{ id: string; key: string }>('select id, key from segments where not static')) {
    expect([key, await t.app.get(Membership).reconcile(id, key)]).toEqual([key, 0]);
  }
});

it(`after each step of ${STORIES} stories of events, changes, edits and passing time, membership is what the oracle says and what the history adds up to`, async () => {
  await fc.assert(property, { numRuns: STORIES });
}, 1_800_000);

/** The property must fail, and by what it compares: not because a story could not be told. */
async function expectRefuted(): Promise<void> {
  const error = await fc.assert(property, WITH_A_FAULT).then(() => undefined, (e: Error & { cause?: Error & { matcherResult?: unknown } }) => e);
  expect(error?.message).toMatch(/Property failed after/);
  expect(String(error?.cause)).toContain('expect(');
}

describe('a fault in following does not pass that test', () => {
  it.each(['users', 'user_event_days', 'deliveries', 'devices'])('changes of %s that leave no mark', async (table) => {
    await t.db.raw(`alter table ${table} disable trigger user`);
    try {
      await expectRefuted();
    } finally {
      await t.db.raw(`alter table ${table} enable trigger user`);
    }
  }, 600_000);

  it.each([
    ['turns that are not kept for whom the marks name', /(\n {6}select \$1::bigint, t\.user_id, t\.at from turn t) order by/, '$1 where false order by'],
    ['turns that are not kept when a segment is built', /(\n {4}select \$1::bigint, t\.user_id, t\.at from turn t) order by/, '$1 where false order by'],
    ['turns a second too late', /min\(c\.at\) as at/, "min(c.at) + interval '1 second' as at"],
    ['exits that the history does not get', /union all select user_id, false from gone\)/, 'union all select user_id, false from gone where false)'],
  ])('%s', async (_, part, instead) => {
    const mutation = mutateSql((sql) => sql.replace(part, instead));
    try {
      await expectRefuted();
      expect(mutation.hits()).toBeGreaterThan(0);
    } finally {
      mutation.undo();
    }
  }, 600_000);
});
