import { Installation } from '../../src/platform/auth/index.js';
import { PassFacts } from '../../src/planning/pass-facts.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { GeneratedWorld } from './generated-world.js';
import { OracleJudge, type Shown } from './oracle-judge.js';
import type { Placed } from './place-campaigns.js';
import { WorldPlacer, type LedgerRow } from './world-placer.js';

/** The size up to which a pass asks user by user, as it is outside tests. */
export const USUAL_SMALL_POOL = PassFacts.smallPool;

export interface DecidedWorld {
  placed: Placed[];
  rows: LedgerRow[];
  /** Of each person, campaign by campaign: what the ledger says, and what the oracle does. */
  verdicts: { actual: Shown[]; expected: Shown[] }[];
}

/** An application into whose database one world after another is placed. */
export class Worlds {
  t!: TestApp;
  placer!: WorldPlacer;
  judge!: OracleJudge;

  async start(): Promise<void> {
    this.t = await startTestApp();
    // Who is in the global holdout hangs on it: one for all runs, so that a seed always means the same worlds.
    Object.assign(this.t.app.get(Installation), { secret: Buffer.alloc(32, 11) });
    this.placer = new WorldPlacer(this.t);
    await this.placer.prepare();
    this.judge = new OracleJudge(this.t);
  }

  /** Places the world in an empty database and has the planner decide it. */
  async decide(world: GeneratedWorld): Promise<DecidedWorld> {
    await this.placer.clear();
    const placed = await this.placer.place(world);
    await this.t.loop('planner');
    const rows = await this.placer.readLedger();
    return { placed, rows, verdicts: world.people.map((_, i) => this.judge.compare(world, placed, rows, i)) };
  }
}

/** Worlds for the tests of the block that calls this, started before them and closed after. A test may move PassFacts.smallPool. */
export function useWorlds(): Worlds {
  const worlds = new Worlds();
  beforeAll(() => worlds.start());
  afterAll(() => worlds.t?.close());
  afterEach(() => void (PassFacts.smallPool = USUAL_SMALL_POOL));
  return worlds;
}
