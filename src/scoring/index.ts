export {
  attentionLogLikelihood, conditionalExpectedOpens, expectedOpens, fitAttention, probabilityListening,
  type AttentionHistory, type BgBbParams, type WeightedAttention,
} from './attention.js';
export {
  conditionalExpectedPurchases, expectedPurchases, probabilityAlive, purchaseCountProbability,
  type BgNbdParams, type PurchaseHistory,
} from './bg-nbd.js';
export { bgNbdLogLikelihood, compressHistories, fitBgNbd, type WeightedHistory } from './bg-nbd-fit.js';
export { MINIMUM_OBSERVATIONS, type FitRefusal, type FitResult, type Fitted, type NotFitted } from './fit.js';
export {
  conditionalMeanSpend, fitGammaGamma, gammaGammaLogLikelihood, lifetimeValue, MAX_SPEND_FREQUENCY_CORRELATION,
  populationMeanSpend, spendFrequencyCorrelation, WEEKS_PER_MONTH,
  type GammaGammaParams, type SpendHistory, type ValueHorizon, type WeightedSpend,
} from './gamma-gamma.js';
export {
  discountedResidualMessages, fitOptOutHazard, optOutHazard, optOutLogLikelihood, optOutProbability, survival,
  type OptOutParams, type OptOutRow,
} from './opt-out-hazard.js';
export {
  minRankScores, RFM_GROUP_CELLS, RFM_GROUPS, RFM_LEVELS, rfmGroup, rfmScores,
  type RfmGroup, type RfmInput, type RfmScore,
} from './rfm.js';
export {
  betaBinomialLogLikelihood, climbForPrior, decayedCount, fitBetaBinomial, jamesStein, posteriorRate, priorByMoments,
  rateMoments, type BetaPrior, type ChosenPrior, type PriorLevel, type RateMoments, type RatePrior, type RateRow,
} from './shrinkage.js';
export {
  CHANNELS, STATED_PRIORS, engagementOf, fitChannelPriors,
  type ChannelHistory, type ChannelPriors, type EngagementScores, type FittedPriors,
} from './engagement-priors.js';
export { ScoringModule } from './scoring.module.js';
export { Scores, type UserScores } from './scores.js';
export { ScoreRefresh, type RefreshResult } from './score-refresh.js';
export { currentInstant } from './score-store.js';
export type { RfmView } from './rfm-view.js';
export { fitValueModel, valueScorer, type ValueModel, type ValueScores } from './value-model.js';
export {
  LAST_ORDINAL, MESSAGE_DISCOUNT, VALUE_SCALE, meanGain, patienceCurve, worthOf,
  type Heard, type PatienceCurve, type WorthCell, type WorthPrices, type WorthTerms,
} from './worth.js';
export {
  HOLDOUT_MINIMUM, STATED_INCREMENTALITY, STATED_MODEL, STATED_WORTH, fitWorthModel, incrementPerMessage,
  type FittedCell, type HoldoutArms, type Incrementality, type WorthHistory, type WorthModel,
} from './worth-model.js';
