import type { CampaignDefinition } from '../campaigns/index.js';
import { meanGain, patienceCurve, type FittedCell, type PatienceCurve, type WorthModel, type WorthPrices } from '../scoring/index.js';
import type { Settings } from '../settings/index.js';

/**
 * What the deciding statement joins to know a message's worth: one row for each segment that the campaign addresses, in its order, and
 * one for everybody else on the channel; empty where the campaign does not ask for worth. Curves arrive computed, like quiet intervals.
 */
export function worthCells(campaignId: string, definition: CampaignDefinition, settings: Settings, model: WorthModel): object[] {
  if (!definition.worth) return [];
  const prices = worthPrices(campaignId, definition, settings, model);
  return cellsOf(definition, model).map((cell, ord) => {
    const { hazards, lifetimes } = curveOf(cell);
    return {
      ord, segment: cell.segment, open_a: cell.openRate.alpha, open_b: cell.openRate.beta, conv_a: cell.conversionRate.alpha,
      conv_b: cell.conversionRate.beta, incrementality: prices.incrementality, value: prices.value,
      own_value: definition.conversion?.event === settings.purchaseEvent, mean_gain: meanGain(cell, prices), margin: prices.margin,
      open_value: prices.openValue, cost: prices.cost, hazards, lifetimes,
    };
  });
}

/** The prices of a campaign's message: its own holdout's share where that has spoken, else the channel's. */
export function worthPrices(campaignId: string, definition: CampaignDefinition, settings: Settings, model: WorthModel): WorthPrices {
  const { channel, conversion } = definition;
  // Own, for an event may have the name of what every object has.
  const value = conversion && Object.hasOwn(model.eventValues, conversion.event) ? Math.max(0, model.eventValues[conversion.event]!) : 0;
  return {
    incrementality: (model.campaigns[campaignId] ?? model.channels[channel]).share,
    value,
    channel: { incrementality: model.channels[channel].share, value: Math.max(0, model.channelValues[channel] ?? value) },
    margin: settings.margin, openValue: settings.openValue, cost: settings.messageCost[channel],
  };
}

/** As tiers: the first segment of the audience that holds the person; `everyone` and nobody's are the channel's own. */
function cellsOf({ channel, audience }: CampaignDefinition, { cells }: WorthModel): FittedCell[] {
  const own = cells.filter((cell) => cell.channel === channel);
  const named = audience.include.flatMap((key) => own.filter(({ segment }) => segment === key));
  return [...named, own.find(({ segment }) => segment === null)!];
}

const curves = new WeakMap<FittedCell, PatienceCurve>();

/** Once for each cell of a model, not for each wave and bucket. */
function curveOf(cell: FittedCell): PatienceCurve {
  const known = curves.get(cell) ?? patienceCurve(cell.optOut);
  curves.set(cell, known);
  return known;
}
