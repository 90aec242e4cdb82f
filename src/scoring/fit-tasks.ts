/** What the score refresh computes in a thread: fits and forecasts, on plain columns. Pure. */
import type { AttentionHistory } from './attention.js';
import { toColumns, toRows, type Columns } from './columns.js';
import { CHANNELS, fitChannelPriors, type Channel, type ChannelHistory, type FittedPriors } from './engagement-priors.js';
import { fitValueModel, valueScorer, type DayHistory, type ValueModel, type ValueScores } from './value-model.js';
import { fitWorthModel, type HoldoutArms, type WorthHistory, type WorthModel } from './worth-model.js';

export interface Spend {
  readonly purchases: number;
  readonly meanSpend: number;
}

type Weighted<R> = R & { readonly weight: number };

export function fitValue(histories: Columns<Weighted<DayHistory>>, spends: Columns<Weighted<Spend>>): ValueModel {
  return fitValueModel(toRows(histories), toRows(spends));
}

/** What the models say of each buyer, in the order given. @throws Error where the purchase model was refused */
export function forecast(model: ValueModel, buyers: Columns<DayHistory & { readonly meanSpend: number }>): Columns<ValueScores> {
  const score = valueScorer(model);
  if (!score) throw new Error('there is no purchase model to forecast with');
  return toColumns(toRows(buyers).map(score), ['alive', 'purchases', 'value']);
}

export function fitEngagement(
  histories: Columns<ChannelHistory & AttentionHistory & { readonly channel: Channel }>,
): Record<Channel, FittedPriors> {
  const rows = toRows(histories);
  const fit = (channel: Channel): FittedPriors => fitChannelPriors(rows.filter((row) => row.channel === channel), rows);
  return Object.fromEntries(CHANNELS.map((channel) => [channel, fit(channel)])) as Record<Channel, FittedPriors>;
}

export function fitWorth(
  histories: Columns<WorthHistory>, holdouts: readonly HoldoutArms[], eventValues: Readonly<Record<string, number>>,
  channelValues: WorthModel['channelValues'],
): WorthModel {
  return fitWorthModel(toRows(histories), holdouts, eventValues, channelValues);
}
