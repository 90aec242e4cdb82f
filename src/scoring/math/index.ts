export { chiSquareTail, normalCdf, normalQuantile, normalTail, studentCriticalValue, studentTwoSidedP } from './distributions.js';
export { logBeta, logChoose, logGamma, logRisingFactorial } from './gamma.js';
export { incompleteBeta, upperIncompleteGamma } from './incomplete.js';
export { maximiseOverPositive, type Maximum } from './maximise.js';
export { nelderMead, type Minimum } from './nelder-mead.js';
export {
  sampleBeta, sampleExponential, sampleGamma, sampleNormal, seededUniform, type UniformSource,
} from './sampling.js';
export { hypergeometric2F1, hypergeometricSeries, logAddExp, logSumExp } from './series.js';
