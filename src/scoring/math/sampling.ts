/** A source of uniform numbers in [0, 1). Always injected: nothing here draws on its own. */
export type UniformSource = () => number;

/**
 * A seeded uniform source of 53 bits, the same on every machine.
 * Source: sfc32 of Doty-Humphrey's PractRand (public domain); passes PractRand and BigCrush.
 * @param seed any integer; its low 32 bits count
 */
export function seededUniform(seed: number): UniformSource {
  let a = 0;
  let b = 0;
  let c = seed | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return sum >>> 0;
  };
  for (let warmUp = 0; warmUp < 15; warmUp += 1) next();
  return () => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992;
}

/** Exponential variate of the given rate (> 0). */
export function sampleExponential(uniform: UniformSource, rate: number): number {
  return -Math.log1p(-uniform()) / rate;
}

/** Standard normal variate (Box & Muller 1958). */
export function sampleNormal(uniform: UniformSource): number {
  return Math.sqrt(-2 * Math.log1p(-uniform())) * Math.cos(2 * Math.PI * uniform());
}

/**
 * Gamma variate of shape > 0 and rate > 0 (Marsaglia & Tsang 2000, ACM TOMS 26(3); shapes below 1 by their boost).
 */
export function sampleGamma(uniform: UniformSource, shape: number, rate = 1): number {
  if (shape < 1) return sampleGamma(uniform, shape + 1, rate) * Math.pow(1 - uniform(), 1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = sampleNormal(uniform);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return (d * v) / rate;
  }
}

/** Beta variate, a, b > 0, as a ratio of gammas. */
export function sampleBeta(uniform: UniformSource, a: number, b: number): number {
  const x = sampleGamma(uniform, a);
  return x / (x + sampleGamma(uniform, b));
}
