import { sampleNormal, seededUniform, type UniformSource } from '../scoring/math/index.js';
import { cuped, type CovariateArm } from './cuped.js';
import { meanDifference, type MeanArm } from './lift.js';

function moments(pairs: readonly (readonly [number, number])[]): CovariateArm {
  const n = pairs.length;
  const meanX = pairs.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = pairs.reduce((sum, [, y]) => sum + y, 0) / n;
  const over = (of: (x: number, y: number) => number): number => pairs.reduce((sum, [x, y]) => sum + of(x - meanX, y - meanY), 0) / (n - 1);
  return { n, meanX, meanY, varianceX: over((x) => x * x), varianceY: over((_, y) => y * y), covariance: over((x, y) => x * y) };
}

/** y = 2 + effect + 1.5 x + noise: rho² = 2.25/3.25. */
function simulate(uniform: UniformSource, n: number, effect: number): (readonly [number, number])[] {
  return Array.from({ length: n }, () => {
    const x = sampleNormal(uniform);
    return [x, 2 + effect + 1.5 * x + sampleNormal(uniform)] as const;
  });
}

const difference = (arms: readonly MeanArm[]) => meanDifference(arms[0] as MeanArm, arms[1] as MeanArm);

describe('CUPED', () => {
  it('cuts the variance to 1 − rho² and keeps the effect', () => {
    const uniform = seededUniform(11);
    const pairs = [simulate(uniform, 4_000, 0.2), simulate(uniform, 3_000, 0)];
    const raw = pairs.map(moments);
    const result = cuped(raw);
    const adjusted = difference(result.arms);
    const plain = difference(raw.map((arm) => ({ n: arm.n, mean: arm.meanY, variance: arm.varianceY })));
    expect(result.theta).toBeCloseTo(1.5, 1);
    expect(result.rho ** 2).toBeCloseTo(2.25 / 3.25, 1);
    expect(((adjusted?.standardError ?? 0) / (plain?.standardError ?? 1)) ** 2).toBeCloseTo(1 - result.rho ** 2, 2);
    expect(Math.abs((adjusted?.absolute ?? NaN) - 0.2)).toBeLessThan(3.5 * (adjusted?.standardError ?? 0));
  });

  it('equals adjusting every user one by one', () => {
    const uniform = seededUniform(12);
    const pairs = [simulate(uniform, 50, 1), simulate(uniform, 70, 0)];
    const { arms, theta } = cuped(pairs.map(moments));
    const grandMean = pairs.flat().reduce((sum, [x]) => sum + x, 0) / 120;
    pairs.forEach((arm, i) => {
      const each = moments(arm.map(([x, y]) => [x, y - theta * (x - grandMean)] as const));
      expect(arms[i]?.mean).toBeCloseTo(each.meanY, 12);
      expect(arms[i]?.variance).toBeCloseTo(each.varianceY, 12);
    });
  });

  it('does not take the effect itself for correlation, however large', () => {
    const uniform = seededUniform(13);
    const arms = [simulate(uniform, 500, 1_000), simulate(uniform, 500, 0)].map(moments);
    expect(cuped(arms).theta).toBeCloseTo(1.5, 0.9);
  });

  it('changes nothing when the covariate does not vary', () => {
    const arm = moments([[1, 3], [1, 5], [1, 4]]);
    const result = cuped([arm, arm]);
    expect(result).toMatchObject({ theta: 0, rho: 0 });
    expect(result.arms[0]).toEqual({ n: 3, mean: arm.meanY, variance: arm.varianceY });
    expect(() => cuped([moments([[1, 1]])])).toThrow(RangeError);
  });
});
