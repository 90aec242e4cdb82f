import { count } from './bars.mjs';
import { sampleOf, segmentsFor } from './content.mjs';
import { DAY_MS, startOfDay } from './instants.mjs';

const OLD_DAYS = 30;
export const MAIL_LIMIT = 5_000;

/**
 * What the segments need to know of the log.
 * @param {import('./shop.mjs').Customer[]} customers
 */
export function describeLog(customers, now) {
  let last = -Infinity;
  let purchases = 0;
  let withValue = 0;
  let sum = 0;
  for (const { purchases: own } of customers) {
    for (const { at, value } of own) {
      last = Math.max(last, at);
      purchases++;
      if (value !== undefined) withValue++;
      sum += value ?? 0;
    }
  }
  const logEnd = Math.min(now, startOfDay(last) + DAY_MS - 1);
  const mean = withValue > 0 ? sum / withValue : 0;
  return { logEnd, old: now - logEnd > OLD_DAYS * DAY_MS, purchases, mean, spend: Math.max(1, Math.round(mean)) };
}

/**
 * Makes the five segments. The one for the mail is held to a sample of its people where it could reach more than 5,000.
 * @returns {Promise<string[]>} a line for each
 */
export async function makeSegments(marketer, log) {
  const lines = [];
  for (const { key, name, rule } of segmentsFor(log)) {
    const fitted = key === 'at-risk' ? await fitForMail(marketer, rule) : { rule, percent: 100 };
    await marketer.post('/v1/segments', { key, name, rule: fitted.rule });
    const { size, reachable } = fitted.preview ?? (await marketer.post('/v1/segments/preview', { rule: fitted.rule }));
    const sample = fitted.percent < 100 ? `; a ${fitted.percent} % sample, so that at most ${count(MAIL_LIMIT)} get the mail` : '';
    lines.push(`  ${key.padEnd(10)} ${count(size).padStart(8)}  push ${count(reachable.push)}, mail ${count(reachable.email)}  (${name}${sample})`);
  }
  return lines;
}

async function fitForMail(marketer, rule) {
  let percent = 100;
  let preview = await marketer.post('/v1/segments/preview', { rule });
  let fitted = rule;
  while (preview.reachable.email > MAIL_LIMIT && percent > 1) {
    percent = Math.max(1, Math.min(percent - 1, Math.floor((percent * MAIL_LIMIT) / preview.reachable.email)));
    fitted = sampleOf(rule, percent);
    preview = await marketer.post('/v1/segments/preview', { rule: fitted });
  }
  return { rule: fitted, percent, preview };
}
