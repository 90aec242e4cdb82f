export { assignmentBucket, BUCKETS, holdoutBuckets, inHoldout, variantBounds, variantIndex } from './assignment.js';
export {
  asymptoticHalfWidth, DEFAULT_TIGHTEST_AT, logNormalMixture, MINIMUM_CONVERSIONS, normalMixtureBound, normalMixtureRho,
  rateDifferenceSequence, rateSequence, sequenceRho, tunedRateSequence,
} from './confidence-sequence.js';
export { cuped, type CovariateArm, type CupedResult } from './cuped.js';
export {
  deltaRelativeLift, incrementalConversions, meanDifference, rateAsMean, rateDifference, relativeLift, wilsonInterval,
  type Difference, type Interval, type MeanArm, type RateArm, type RateDifference, type RelativeLift,
} from './lift.js';
export {
  DEFAULT_CONCENTRATION, logSampleRatioBayesFactor, SAMPLE_RATIO_ALARM, sampleRatio, sequentialSampleRatioP, type SampleRatio,
} from './sample-ratio.js';
export { DEFAULT_DRAWS, probabilityBeats, winProbability } from './thompson.js';
