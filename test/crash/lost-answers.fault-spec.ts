import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { faults } from './counts.js';
import { World } from './world.js';

/** Four slices a campaign. */
const USERS = 400;
const DAY_MS = 24 * 3_600_000;
/**
 * What is in doubt must be in doubt for the cut alone: of the usual 1.5 s a worker that stands still for 1.8 s leaves a slice more.
 * The slices of the cuts run out beside the next campaigns, so only the end waits for them; the chunks are wanted back at once.
 */
const CLAIM_LEASES = { env: { SLICE_LEASE_MS: '8000', REQUEST_TIMEOUT_MS: '3000' } };

describe('a worker that does not hear that its COMMIT went through', () => {
  let world: World;
  afterEach(() => world?.close());

  async function capAt(limit: number): Promise<void> {
    await putPolicy(world.api, { caps: [{ key: 'day', channel: 'push', limit, window: { type: 'rolling', duration: 'PT24H' } }] });
  }

  it.each([
    ['of a claim: nothing of it is sent', 'committed/open-slice', CLAIM_LEASES],
    ['of a settlement: it is settled once', 'committed/settle-deliveries', { longLeases: true }],
    ['of a decision: nobody is decided twice', 'committed/mark-wave-bucket', { longLeases: true }],
  ])('F15 the answer to the COMMIT %s is cut off', async (_, point, leases) => {
    world = await World.start({ users: USERS, gateway: { latencyMs: 30 }, ...leases });
    await capAt(1_000);
    const times = faults(20, 200);
    const worker = await world.worker({ FAILPOINT: Array.from({ length: times }, (_unused, i) => `${point}:${2 * i + 1}:throw`).join(',') });
    const cuts = (): number => worker.output.match(/^failpoint \S+ throw$/gm)?.length ?? 0;
    // A decision is one for each campaign, a claim and a settlement one for each hundred of its messages.
    let campaigns = 0;
    for (; cuts() < times; campaigns++) {
      await launch(world.api, await createCampaign(world.api, {}));
      const seen = cuts();
      await world.until('a cut, or the campaign done', 60_000, async () => cuts() > seen || !(await world.open()));
    }
    await world.drained();
    expect(cuts()).toBe(times);
    // What is in doubt counts in the cap like what was sent: one more campaign reaches nobody.
    await capAt(campaigns);
    await launch(world.api, await createCampaign(world.api, {}));
    await world.drained();
    const history = await world.history();
    expect(history.violations(USERS, { limit: campaigns, windowMs: DAY_MS })).toEqual([]);
    expect(history.count('sent') + history.count('unknown')).toBe(campaigns * USERS);
    const unknown = history.rows.filter((row) => row.state === 'unknown');
    expect(unknown.length).toBeLessThanOrEqual(times * 100);
    if (point === 'committed/open-slice') {
      expect(unknown.length).toBeGreaterThan(0);
      expect(history.requestsOf((row) => row.state === 'unknown')).toEqual([]);
    } else expect(unknown.length).toBe(0);
  });
});
