import { incrementalConversions, SAMPLE_RATIO_ALARM } from '../../experiments/index.js';
import { html, type Markup } from '../../platform/html/index.js';
import type { LiftFigure } from '../lift-panel.js';
import type { CampaignResults, DayRow } from '../results.js';
import { bars, columns, forest, type Bar } from './figures.js';
import { count, money, percent, points, pValue, words } from './format.js';
import { table } from './table.js';

/** The report for people: what was decided, what came of it, and what of that is owed to the campaign. */
export function reportBody(r: CampaignResults): Markup {
  return html`<header><h1>${r.name}</h1>
<p class="soft-ink"><span class="status">${r.status}</span> ${r.channel === 'push' ? 'Push' : 'Mail'}${r.topic === null ? '' : `, topic ${r.topic}`}${r.launchedAt ? `, launched ${stamp(r.launchedAt)}` : ''} · as of ${stamp(r.asOf)} UTC</p>
${r.ignoreCaps ? html`<p class="warn">This campaign was not held back by frequency caps.</p>` : html``}</header>
${tiles(r)}${funnel(r)}${unsent(r)}${lift(r)}${variants(r)}${days(r)}${segments(r)}`;
}

function tiles(r: CampaignResults): Markup {
  const tile = (name: string, value: string, detail: string): Markup =>
    html`<div class="tile"><dt>${name}</dt><dd>${value}<small>${detail}</small></dd></div>`;
  return html`<dl class="tiles">${[
    tile('Audience', count(r.audience), 'decided so far'),
    tile('Sent', count(r.sent), `${percent(r.audience > 0 ? r.sent / r.audience : null)} of the audience`),
    tile('Opened', count(r.opened), `${percent(r.rates.openRate)} of sent`),
    tile('Unsubscribed', count(r.unsubscribed), `${percent(r.rates.unsubscribeRate)} of sent`),
    tile('Converted', count(r.converted), `${percent(r.rates.conversionRate)} of sent, last touch`),
    tile('Revenue', money(r.revenue, r.currency), r.cost > 0 ? `cost ${money(r.cost, r.currency)}` : 'credited, last touch'),
  ]}</dl>`;
}

function funnel(r: CampaignResults): Markup {
  const step = (label: string, value: number, of: number) =>
    ({ label, value, text: of > 0 && value !== of ? `${count(value)} · ${percent(value / of)}` : count(value) });
  return html`<section><h2>From audience to conversion</h2>${bars('Funnel', [
    step('Audience', r.audience, r.audience), step('Sent', r.sent, r.audience), step('Delivered, at least', r.delivered, r.sent),
    step('Opened', r.opened, r.sent), step('Clicked', r.clicked, r.sent), step('Converted', r.converted, r.sent),
  ])}<p class="soft-ink">Shares are of the audience for what was sent, of what was sent for everything after it.</p></section>`;
}

/** Everybody who was not sent to, with the reason; the line below adds up to the audience. */
function unsent(r: CampaignResults): Markup {
  const open = [['queued', r.queued], ['sending', r.sending], ['deferred', r.deferred], ['failed', r.failed], ['in doubt', r.unknown]] as const;
  const suppressed = r.suppressed.reduce((sum, row) => sum + row.count, 0);
  const parts = [['sent', r.sent], ['held out', r.holdout], ['suppressed', suppressed], ...open] as const;
  const bar = (label: string, value: number, tone: Bar['tone']): Bar => ({ label, value, text: count(value), tone });
  const reasons = [
    ...r.suppressed.map(({ reason, count: n }) => bar(words(reason), n, 'soft')),
    bar('deferred', r.deferred, 'soft'), bar('failed', r.failed, 'bad'), bar('in doubt', r.unknown, 'bad'), bar('held out', r.holdout, 'main'),
  ].filter(({ value }) => value > 0);
  return html`<section><h2>Why not everybody</h2>${reasons.length > 0 ? bars('Reasons for not sending', reasons) : html`<p>Everybody in the audience passed every gate.</p>`}
<p class="soft-ink">${count(r.audience)} decided = ${parts.filter(([, n]) => n > 0).map(([name, n]) => `${count(n)} ${name}`).join(' + ') || '0'}</p>${r.resent > 0
    ? html`<p class="soft-ink">${count(r.resent)} of these were sent again after a request whose outcome nobody knows, and may have arrived more than once.</p>` : html``}</section>`;
}

function lift(r: CampaignResults): Markup {
  const { lift: l } = r;
  const heading = html`<h2>What the campaign changed</h2>`;
  if (l.conversionRate.treated === null || l.users.control === 0) {
    return html`<section>${heading}<p class="soft-ink">${l.users.control === 0 ? 'Nobody was held out, so there is nothing to compare with.' : 'The campaign names no conversion.'} Credited conversions say who bought after a message, not who bought because of it.</p></section>`;
  }
  if (l.sampleRatioMismatchP !== null && l.sampleRatioMismatchP < SAMPLE_RATIO_ALARM) {
    return html`<section>${heading}<p class="warn">Not readable: ${count(l.users.treated)} treated and ${count(l.users.control)} held out do not fit the planned shares (p ${pValue(l.sampleRatioMismatchP)}). Something separates the arms besides chance.</p></section>`;
  }
  const extra = incrementalConversions(
    { trials: l.users.treated, successes: l.converted.treated }, { trials: l.users.control, successes: l.converted.control });
  return html`<section>${heading}
${estimate('Conversion rate', l.conversionRate, points)}${estimate('Revenue per person', l.revenuePerUser, (value) => money(value, r.currency, true))}
${table(['', 'Treated', 'Held out', 'Difference', 'Relative', 'p'], [
    ['People', count(l.users.treated), count(l.users.control), '', '', pValue(l.sampleRatioMismatchP)],
    ['Conversion rate', percent(l.conversionRate.treated), percent(l.conversionRate.control), points(l.conversionRate.absolute), percent(l.conversionRate.relative), pValue(l.conversionRate.pValue)],
    ['Revenue per person', money(l.revenuePerUser.treated, r.currency), money(l.revenuePerUser.control, r.currency), money(l.revenuePerUser.absolute, r.currency, true), percent(l.revenuePerUser.relative), pValue(l.revenuePerUser.pValue)],
  ])}
${extra ? effect(extra, r.converted) : html``}
<p class="soft-ink">Thick: 95 % interval of this look. Thin: interval that holds however often one looks, from 100 conversions an arm on.</p></section>`;
}

/** In people, and whether it is more than chance could have done: a reader takes the sentence with him, not the table. */
function effect({ count: people, interval: [low, high] }: { count: number; interval: readonly [number, number] }, credited: number): Markup {
  const verdict = low > 0 ? 'The campaign worked.' : high < 0 ? 'The campaign did harm.' : 'An effect is not shown: the interval holds zero.';
  return html`<p><strong>${verdict}</strong> ${count(people)} people converted because of the campaign (95 % interval ${count(low)} to ${count(high)}); ${count(credited)} messages were credited by last touch.</p>`;
}

function estimate(label: string, figure: LiftFigure, show: (value: number) => string): Markup {
  if (figure.absolute === null || figure.ci95 === null) return html``;
  return forest(label, { label, value: figure.absolute, interval: figure.ci95, sequence: figure.sequence, text: show(figure.absolute), show });
}

function variants(r: CampaignResults): Markup {
  if (r.variants.length < 2) return html``;
  return html`<section><h2>Variants</h2>${table(['Variant', 'Sent', 'Opened', 'Clicked', 'Converted', 'Unsubscribed', 'Revenue', 'Chance to be best'], r.variants.map((v) => [
    v.key, count(v.sent), percent(v.rates.openRate), percent(v.rates.clickRate), percent(v.rates.conversionRate), percent(v.rates.unsubscribeRate),
    money(v.revenue, r.currency), percent(v.winProbability),
  ]))}</section>`;
}

function days(r: CampaignResults): Markup {
  if (r.byDay.length === 0) return html``;
  const names = r.byDay.map((row) => row.day);
  const plot = (title: string, of: keyof DayRow, tone: string): Markup =>
    columns(title, names, r.byDay.map((row) => Number(row[of])), tone, count);
  return html`<section><h2>Day by day</h2><div class="days">${[
    plot('Sent', 'sent', 'main'), plot('Opened', 'opened', 'main'), plot('Converted', 'converted', 'good'), plot('Unsubscribed', 'unsubscribed', 'bad'),
  ]}</div><details><summary>As a table (${r.timezone})</summary>${table(
    ['Day', 'Decided', 'Sent', 'Opened', 'Clicked', 'Unsubscribed', 'Converted', 'Revenue'],
    r.byDay.map((d) => [d.day, count(d.audience), count(d.sent), count(d.opened), count(d.clicked), count(d.unsubscribed), count(d.converted), money(d.revenue, r.currency)]),
  )}</details></section>`;
}

function segments(r: CampaignResults): Markup {
  if (r.bySegment.length === 0) return html``;
  return html`<section><h2>By segment</h2>${table(['Segment', 'Audience', 'Sent', 'Opened', 'Clicked', 'Unsubscribed', 'Converted', 'Revenue'], r.bySegment.map((s) => [
    s.segment, count(s.audience), count(s.sent), percent(s.rates.openRate), percent(s.rates.clickRate), percent(s.rates.unsubscribeRate),
    percent(s.rates.conversionRate), money(s.revenue, r.currency),
  ]))}<p class="soft-ink">Membership as it was when the message was decided; somebody in two segments stands in both.</p></section>`;
}

function stamp(at: Date): string {
  return at.toISOString().slice(0, 16).replace('T', ' ');
}
