import { jest } from '@jest/globals';
import { PassWorlds } from '../../src/planning/pass-worlds.js';
import { putPolicy } from '../factories/campaigns.js';
import { startLife, type LifeUnderTest } from '../fatigue/sending-life.js';
import { auth } from '../support/test-app.js';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** 03:00 in Tokyo, 19:00 in Berlin. */
const NOW = '2026-03-02T18:00:00Z';
const NIGHT = { quietHours: [{ channel: 'push', start: '22:00', end: '08:00', days: DAYS }] };
const A_DAY = { caps: [{ key: 'day', channel: 'push', limit: 1, window: { type: 'calendar', unit: 'day', timezone: 'user' } }] };

let t: LifeUnderTest;
beforeAll(async () => (t = await startLife()));
afterAll(() => t?.close());
beforeEach(async () => {
  await t.clear();
  await putPolicy(t, {});
  await t.people({ ada: 'Europe/Berlin', bob: 'Europe/Berlin' });
});

/** Between the zones that the next pass asks for and the users that it reads, ada's phone reports a zone that nobody had. */
function travelInNextPass(): { done: () => boolean } {
  const worlds = t.app.get(PassWorlds);
  let done = false;
  const spy = jest.spyOn(worlds, 'at').mockImplementationOnce(async (...about) => {
    spy.mockRestore();
    const world = await worlds.at(...about);
    await t.http.post('/v1/users/batch').set(auth(t.keys.ingest)).send({ users: [{ userId: 'ada', timezone: 'Asia/Tokyo' }] }).expect(200);
    done = true;
    return world;
  });
  return { done: () => done };
}

interface Meeting {
  policy: Record<string, unknown>;
  /** One message to everybody as late as it is already today in Tokyo. */
  before?: string;
  launch: () => Promise<string>;
}

const bulk = (): Promise<string> => t.launched({ type: 'now' });
const triggered = async (): Promise<string> => {
  const id = await t.launched({ type: 'triggered', event: 'signup', reentry: 'always' });
  await t.event('ada', 'signup');
  return id;
};

/** What becomes of ada, who moves while the pass is under way. */
async function met({ policy, before, launch }: Meeting): Promise<string[]> {
  if (before) {
    t.clock.set(before);
    await t.launched({ type: 'now' });
    await t.live();
  }
  await putPolicy(t, policy);
  t.clock.set(NOW);
  const id = await launch();
  const travel = travelInNextPass();
  // What a pass has had to undo, the next tick finds.
  for (let tick = 0; tick < 2; tick++) await t.tickAt();
  expect(travel.done()).toBe(true);
  return (await t.ledger(id)).filter((row) => row.startsWith('ada '));
}

const MEETINGS: Array<[string, Meeting, string]> = [
  ['quiet hours in a pass over everybody', { policy: NIGHT, launch: bulk }, 'ada suppressed quiet_hours'],
  ['a cap by her calendar day in a pass over everybody', { policy: A_DAY, before: '2026-03-02T16:00:00Z', launch: bulk }, 'ada suppressed frequency_cap'],
  ['quiet hours in a pass for her event', { policy: NIGHT, launch: triggered }, 'ada suppressed quiet_hours'],
  ['a cap by her calendar day in a pass for her event', { policy: A_DAY, before: '2026-03-02T16:00:00Z', launch: triggered }, 'ada suppressed frequency_cap'],
];

describe('a user who moves to a zone that is new to the pass, while it is under way', () => {
  it.each(MEETINGS)('meets %s', async (_, meeting, row) => {
    expect(await met(meeting)).toEqual([row]);
  });

  it.each(MEETINGS)('would escape %s, were the zones not looked at again', async (_, meeting) => {
    const spy = jest.spyOn(t.app.get(PassWorlds), 'sameZones').mockResolvedValue();
    try {
      expect(await met(meeting)).toEqual(['ada queued']);
    } finally {
      spy.mockRestore();
    }
  });
});
