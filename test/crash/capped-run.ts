import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import type { History } from './history-reader.js';
import { IN_FLIGHT, World, type WorldOptions } from './world.js';

const DAY_MS = 24 * 3_600_000;

/** Campaigns to everybody, one after the other, under a cap that the last of them meets, to a provider that takes its time. */
export class CappedRun {
  private constructor(
    readonly world: World,
    private readonly users: number,
    private readonly campaigns: number,
  ) {}

  static async start(users: number, campaigns: number, options: Partial<WorldOptions> = {}): Promise<CappedRun> {
    const world = await World.start({ users, gateway: { latencyMs: 30 }, ...options });
    await putPolicy(world.api, { caps: [{ key: 'day', channel: 'push', limit: campaigns - 1, window: { type: 'rolling', duration: 'PT24H' } }] });
    return new CappedRun(world, users, campaigns);
  }

  /** One more campaign. */
  async more(): Promise<void> {
    await launch(this.world.api, await createCampaign(this.world.api, {}));
  }

  /** One more campaign, of which the first messages are on their way. */
  async underway(): Promise<void> {
    const before = await this.world.accepts();
    await this.more();
    await this.world.until('sending', 60_000, async () => (await this.world.accepts()) > before);
  }

  /** All that holds once all campaigns are over. @param seed what a failure says to give the run again */
  async holds(seed = ''): Promise<History> {
    const history = await this.world.history();
    const broken = history.violations(this.users, { limit: this.campaigns - 1, windowMs: DAY_MS });
    expect({ seed, broken }).toEqual({ seed, broken: [] });
    expect(history.count('unknown')).toBeLessThanOrEqual(this.world.faults * IN_FLIGHT);
    expect(history.count('sent') + history.count('unknown')).toBe((this.campaigns - 1) * this.users);
    return history;
  }
}
