import { incrementPerMessage, survival } from '../../src/scoring/index.js';
import { CAMPAIGNS, REGIMES, TRUTH, simulate, type Outcome } from './loop-world.js';

const SIZE = Number(process.env.RAPPORT_WORLD_SIZE ?? 1_200);
const SEED = Number(process.env.RAPPORT_WORLD_SEED ?? 1);

describe(`sixty days of ${SIZE} people`, () => {
  let everything: Outcome;
  let fixed: Outcome;
  let loop: Outcome;
  beforeAll(() => {
    [everything, fixed, loop] = REGIMES.map((regime) => simulate(regime, SIZE, SEED)) as [Outcome, Outcome, Outcome];
    if (process.env.RAPPORT_WORLD_PRINT) {
      for (const { regime, messages, reachable, incrementalRevenue, model, trueIncrement } of [everything, fixed, loop]) {
        console.log(JSON.stringify({ regime, messages, reachable, incrementalRevenue, campaigns: model.campaigns, trueIncrement }));
      }
    }
  }, 120_000);

  it('the loop keeps more people reachable than everything and than fixed caps', () => {
    expect(loop.reachable).toBeGreaterThan(fixed.reachable);
    expect(fixed.reachable).toBeGreaterThan(everything.reachable);
  });

  it('and earns more incremental revenue than either', () => {
    expect(loop.incrementalRevenue).toBeGreaterThan(fixed.incrementalRevenue);
    expect(loop.incrementalRevenue).toBeGreaterThan(everything.incrementalRevenue);
  });

  it('recovers the opt-out hazard by ordinal within three standard errors', () => {
    for (const { model } of [everything, fixed, loop]) {
      for (const n of [1, 5, 10]) {
        const truth = survival(TRUTH.optOut, n);
        expect(Math.abs(survival(model.cells[0]!.optOut, n) - truth)).toBeLessThan(3 * Math.sqrt((truth * (1 - truth)) / SIZE));
      }
    }
  });

  // Alone in its world: beside others a holdout also measures what took the freed slots and who stayed for them (docs/worth.md).
  it("recovers a campaign's increment from its holdout within three standard errors, where its share of attributed conversions does not", () => {
    const { arms, trueIncrement, model } = simulate(REGIMES[0]!, SIZE, SEED, [CAMPAIGNS[2]!]);
    const { mean, variance } = incrementPerMessage(arms[0]!);
    const truth = trueIncrement['3']!;
    expect(Math.abs(mean - truth)).toBeLessThan(3 * Math.sqrt(variance));
    const { alpha, beta } = model.cells[0]!.conversionRate;
    expect(alpha / (alpha + beta)).toBeGreaterThan(1.1 * truth);
  });
});
