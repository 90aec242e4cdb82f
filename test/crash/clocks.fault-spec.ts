import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { faults } from './counts.js';
import { World } from './world.js';

const CAP = { limit: 1, windowMs: 24 * 3_600_000 };
const HOUR = 3_600_000;
/** Starts under each of the four clocks. */
const STARTS = faults(3, 13);

/** Node flags under which a process lives `ms` beside the time. */
function skewed(ms: number): string[] {
  const script = `const D = Date, off = ${ms}; globalThis.Date = class extends D { constructor(...a) { a.length ? super(...a) : super(D.now() + off); } static now() { return D.now() + off; } };`;
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
}

describe('a worker whose clock is wrong', () => {
  let world: World;
  afterEach(() => world?.close());

  it.each([['ten minutes fast', HOUR / 6], ['ten minutes slow', -HOUR / 6], ['26 hours fast', 26 * HOUR], ['26 hours slow', -26 * HOUR]])(
    'F19 %s sends nothing early, passes no cap and puts nothing to sleep', async (_, ms) => {
      world = await World.start({ users: 400, longLeases: true });
      await putPolicy(world.api, { caps: [{ key: 'day', channel: 'push', limit: CAP.limit, window: { type: 'rolling', duration: 'PT24H' } }] });
      await world.gateways.behave({ channel: 'push', behaviour: '503', every: 10, times: 40 });
      await world.worker({}, skewed(ms));
      const at = new Date(Date.now() + 2_000 + 1_000 * STARTS);
      for (let i = 0; i < STARTS; i++) await launch(world.api, await createCampaign(world.api, { priority: i, schedule: { type: 'at', at: at.toISOString() } }));
      await world.drained();
      const history = await world.history();
      expect(history.violations(400, CAP)).toEqual([]);
      expect(history.requestsOf((_row, sentAt) => sentAt < at.getTime())).toEqual([]);
      expect(history.count('sent')).toBe(400);
      expect(history.count('unknown')).toBe(0);
    });
});
