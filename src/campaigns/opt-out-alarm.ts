/** Whether a running campaign drives away more people than is tolerated. Pure. */
import { rateSequence } from '../experiments/index.js';

/** False alarm over the whole life of a campaign, however often it is looked at. */
export const ALARM_ALPHA = 0.05;

/**
 * The lower limit of the campaign's opt-out rate where that is above the tolerated one, else null. Valid at every look (Robbins 1970).
 * @param tolerated share of messages, 0 to 1
 */
export function optOutAlarm(optOuts: number, messages: number, tolerated: number): number | null {
  const [lower] = rateSequence({ trials: messages, successes: Math.min(optOuts, messages) }, ALARM_ALPHA);
  return lower > tolerated ? lower : null;
}

/**
 * The most messages at which so many opt-outs are still an alarm: 0 where they never are. The limit falls with every further message, so
 * nobody has to count a million sent rows to see that twenty opt-outs are few.
 */
export function alarmReach(optOuts: number, tolerated: number): number {
  if (tolerated >= 1 || optOuts === 0 || optOutAlarm(optOuts, optOuts, tolerated) === null) return 0;
  let alarming = optOuts;
  // The empirical rate lies inside every interval: from here on the lower limit cannot be above the tolerated rate.
  let calm = tolerated > 0 ? Math.ceil(optOuts / tolerated) + 1 : Number.MAX_SAFE_INTEGER;
  while (calm - alarming > 1) {
    const middle = Math.floor((calm + alarming) / 2);
    if (optOutAlarm(optOuts, middle, tolerated) === null) calm = middle;
    else alarming = middle;
  }
  return alarming;
}
