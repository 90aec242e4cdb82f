/** The formulas against the published data sets, which stay outside the repository because their own licence is unstated. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { attentionLogLikelihood, fitAttention } from './attention.js';
import { bgNbdLogLikelihood, compressHistories, fitBgNbd } from './bg-nbd-fit.js';
import { conditionalExpectedPurchases, probabilityAlive } from './bg-nbd.js';
import { conditionalMeanSpend, fitGammaGamma, lifetimeValue, populationMeanSpend, spendFrequencyCorrelation } from './gamma-gamma.js';
import { fitOptOutHazard } from './opt-out-hazard.js';
import { rfmScores, type RfmInput } from './rfm.js';
import { fitBetaBinomial } from './shrinkage.js';

const FOLDER = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const present = existsSync(FOLDER);
if (!present) process.stderr.write(`published data sets: skipped, there is no ${FOLDER}\n`);

function describeWithData(name: string, body: () => void): void {
  if (present) describe(name, body);
  else describe.skip(`${name} (skipped: no folder ../shared/data beside the repository)`, body);
}

type Row = Readonly<Record<string, string>>;

function table(name: string): Row[] {
  const bytes = readFileSync(join(FOLDER, name));
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [head = '', ...lines] = text.trim().split(/\r?\n/);
  const columns = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [columns[i] ?? '', cell])));
}

const number = (row: Row, column: string): number => Number(row[column]);
const BG_NBD = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
const GAMMA_GAMMA = { p: 6.25, q: 3.74, v: 15.44 };
const AS_OF = Date.UTC(1998, 5, 30);
const DAY = 86_400_000;

describeWithData('CDNOW, value', () => {
  const summary = present ? table('cdnow_summary.csv') : [];
  const customers = present ? table('cdnow_expected_per_customer.csv') : [];
  const rounded = summary.map((row) => ({ repeats: number(row, 'x'), lastAt: number(row, 't_x'), age: number(row, 'T') }));
  const exact = customers.map((row) => ({
    repeats: number(row, 'x'), lastAt: number(row, 't_x_weeks'), age: number(row, 'T_weeks'),
  }));
  const spend = summary.map((row) => ({ purchases: number(row, 'x'), meanSpend: number(row, 'zbar'), weight: 1 }));

  it.each([
    ['rounded weeks', () => rounded, [0.2425929, 4.4135313, 0.7928861, 2.4257531], -9582.42556056736],
    ['exact weeks', () => exact, [0.24259453, 4.41360239, 0.79292205, 2.42590692], -9582.429206673929],
  ])('BG/NBD fit, %s', (_, histories, parameters, logLikelihood) => {
    const rows = compressHistories(histories());
    const fit = fitBgNbd(rows);
    if (!fit.fitted) throw new Error(fit.detail);
    const { r, alpha, a, b } = fit.params;
    [r, alpha, a, b].forEach((value, i) => expect(Math.abs(value - (parameters[i] ?? 0))).toBeLessThan(1e-3));
    expect(Math.abs(fit.logLikelihood - logLikelihood)).toBeLessThan(1e-4);
    expect(fit.observations).toBe(2_357);
  });

  it('compresses to 1,016 rows with the likelihood of the published point', () => {
    const rows = compressHistories(rounded);
    expect(rows).toHaveLength(1_016);
    expect(bgNbdLogLikelihood(BG_NBD, rows)).toBeCloseTo(-9582.426831182365, 8);
  });

  it('P(alive), purchases, spend and value of each of the 2,357 customers', () => {
    const worst = { alive: 0, purchases: 0, spend: 0, value: 0 };
    let total = 0;
    customers.forEach((row, i) => {
      const history = exact[i] as (typeof exact)[number];
      const mean = conditionalMeanSpend(GAMMA_GAMMA, { purchases: history.repeats, meanSpend: number(row, 'zbar') });
      const value = lifetimeValue(BG_NBD, history, mean, { months: 12, monthlyDiscount: 0.01 });
      const gap = (actual: number, column: string): number => Math.abs(actual - number(row, column)) / Math.max(1, Math.abs(actual));
      worst.alive = Math.max(worst.alive, gap(probabilityAlive(BG_NBD, history), 'bgnbd_p_alive'));
      worst.purchases = Math.max(worst.purchases, gap(conditionalExpectedPurchases(BG_NBD, history, 39), 'bgnbd_e_x_39w'));
      worst.spend = Math.max(worst.spend, gap(mean, 'gg_e_spend'));
      worst.value = Math.max(worst.value, gap(value, 'clv_12m_1pct'));
      total += value;
    });
    // the file has weeks to 6 decimals and spend to 4
    expect(worst.alive).toBeLessThan(1e-6);
    expect(worst.purchases).toBeLessThan(1e-6);
    expect(worst.spend).toBeLessThan(1e-5);
    expect(worst.value).toBeLessThan(1e-5);
    expect(Math.abs(total - 71_559.03)).toBeLessThan(0.05);
  });

  it('holdout by calibration frequency, 12 % below what came', () => {
    const groups = Array.from({ length: 8 }, () => ({ n: 0, actual: 0, expected: 0 }));
    customers.forEach((row, i) => {
      const group = groups[Math.min(number(row, 'x'), 7)] as (typeof groups)[number];
      group.n += 1;
      group.actual += number(row, 'x_holdout_39w');
      group.expected += conditionalExpectedPurchases({ r: 0.2425967, alpha: 4.413659, a: 0.7929869, b: 2.426164 }, exact[i]!, 39);
    });
    const actual = [0.2367116, 0.6970387, 1.392523, 1.56, 2.532258, 2.947368, 3.862069, 6.359375];
    const expected = [0.2250893, 0.5231364, 1.044126, 1.520256, 2.163824, 2.653789, 3.503957, 6.157036];
    groups.forEach((group, i) => {
      expect(group.actual / group.n).toBeCloseTo(actual[i] ?? 0, 6);
      expect(Math.abs(group.expected / group.n - (expected[i] ?? 0))).toBeLessThan(2e-5);
    });
    expect(groups.map(({ n }) => n)).toEqual([1411, 439, 214, 100, 62, 38, 29, 64]);
    expect(groups.reduce((sum, group) => sum + group.actual, 0)).toBe(1882);
  });

  it('Gamma-Gamma fit of the 946 repeat buyers', () => {
    const fit = fitGammaGamma(spend);
    if (!fit.fitted) throw new Error(fit.detail);
    expect(fit.observations).toBe(946);
    expect(Math.abs(fit.params.p - 6.24880386)).toBeLessThan(1e-3);
    expect(Math.abs(fit.params.q - 3.74458832)).toBeLessThan(1e-3);
    expect(Math.abs(fit.params.v - 15.44774361)).toBeLessThan(5e-3);
    expect(Math.abs(fit.logLikelihood - -4055.92324350286)).toBeLessThan(1e-4);
    expect(populationMeanSpend(fit.params)).toBeCloseTo(35.171, 3);
    expect(spendFrequencyCorrelation(spend)).toBeCloseTo(0.114, 3);
    const firstTen = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17];
    firstTen.forEach((expected, i) => expect(Math.abs(conditionalMeanSpend(fit.params, spend[i]!) - expected)).toBeLessThan(0.1));
  });
});

describeWithData('CDNOW, RFM', () => {
  const log = present ? table('cdnow_elog.csv.gz') : [];
  const golden = present ? table('cdnow_expected_rfm.csv') : [];
  const cents = (row: Row): number => Math.round(100 * number(row, 'amount'));

  /** Buyers in the order of the golden file; whole cents, so that equal sums tie. */
  function buyers(key: (row: Row, line: number) => string): RfmInput[] {
    const byId = new Map<string, { last: number; orders: Set<string>; cents: number }>();
    log.forEach((row, line) => {
      const buyer = byId.get(row.sample_id ?? '') ?? { last: 0, orders: new Set<string>(), cents: 0 };
      buyer.last = Math.max(buyer.last, Date.parse(`${row.date}T00:00:00Z`));
      buyer.orders.add(key(row, line));
      buyer.cents += cents(row);
      byId.set(row.sample_id ?? '', buyer);
    });
    return golden.map((row) => {
      const buyer = byId.get(row.id ?? '');
      if (!buyer) throw new Error(`no transactions of customer ${row.id}`);
      return { recency: (AS_OF - buyer.last) / DAY, frequency: buyer.orders.size, monetary: buyer.cents };
    });
  }

  const histogram = (scores: readonly number[]): number[] => [1, 2, 3, 4, 5].map((level) => scores.filter((score) => score === level).length);

  it('equals the golden file row for row when orders are counted by day', () => {
    const input = buyers((row) => row.date ?? '');
    const scores = rfmScores(input);
    const got = scores.map((score, i) => [golden[i]?.id, input[i]?.recency, input[i]?.frequency, score.recency, score.frequency, score.monetary].join());
    const expected = golden.map((row) => [row.id, row.recency_days_asof_1998_06_30, row.orders, row.r, row.f, row.m].join());
    expect(got).toEqual(expected);
    expect(got).toHaveLength(2_357);
    expect(histogram(scores.map((score) => score.frequency))).toEqual([1218, 0, 403, 358, 378]);
    const all = (level: number): number =>
      scores.filter((score) => score.recency === level && score.frequency === level && score.monetary === level).length;
    expect([all(5), all(1)]).toEqual([233, 177]);
    const total = input.reduce((sum, buyer) => sum + buyer.monetary, 0);
    expect(total).toBe(24_409_194);
    const share = [1, 2, 3, 4, 5].map((level) =>
      input.reduce((sum, buyer, i) => sum + (scores[i]?.monetary === level ? buyer.monetary : 0), 0) / total);
    [0.0243, 0.0452, 0.0847, 0.1718, 0.674].forEach((expectedShare, i) => expect(share[i]).toBeCloseTo(expectedShare, 4));
  });

  it('counts 1205/0/406/358/388 by frequency when every line is a purchase event', () => {
    const scores = rfmScores(buyers((_, line) => String(line)));
    expect(histogram(scores.map((score) => score.recency))).toEqual([482, 471, 463, 470, 471]);
    expect(histogram(scores.map((score) => score.frequency))).toEqual([1205, 0, 406, 358, 388]);
    expect(histogram(scores.map((score) => score.monetary))).toEqual([481, 462, 472, 471, 471]);
  });
});

describeWithData('smaller tables', () => {
  it('BG/BB fit of 11,104 donors', () => {
    const rows = table('bgbb_donations.csv').map((row) => ({
      opens: number(row, 'frequency'), lastOpened: number(row, 'recency'), messages: number(row, 'periods'), weight: number(row, 'weights'),
    }));
    const published = { alpha: 1.203528, beta: 0.749726, gamma: 0.6567808, delta: 2.783796 };
    expect(attentionLogLikelihood(published, rows)).toBeCloseTo(-33225.581275474906, 7);
    const fit = fitAttention(rows);
    if (!fit.fitted) throw new Error(fit.detail);
    expect(fit.observations).toBe(11_104);
    expect(fit.logLikelihood).toBeCloseTo(-33225.5813, 3);
    for (const key of ['alpha', 'beta', 'gamma', 'delta'] as const) expect(Math.abs(fit.params[key] - published[key])).toBeLessThan(1e-3);
  });

  it('sBG fit of the survival file', () => {
    const file = table('sbg_survival.csv');
    const rows = file.slice(1).map((row, i) => ({
      messages: number(row, 'year'), optedOut: true, weight: 1_000 * (number(file[i]!, 'high_end') - number(row, 'high_end')),
    }));
    const fit = fitOptOutHazard([...rows, { messages: 7, optedOut: false, weight: 1_000 * number(file.at(-1)!, 'high_end') }]);
    if (!fit.fitted) throw new Error(fit.detail);
    expect(fit.params.alpha).toBeCloseTo(0.668, 3);
    expect(fit.params.beta).toBeCloseTo(3.806, 3);
  });

  it('beta-binomial fit of the batters\' file', () => {
    const fit = fitBetaBinomial(table('efron_morris_1970.csv').map((row) => ({ trials: number(row, 'at_bats'), successes: number(row, 'hits') })), 18);
    if (!fit.fitted) throw new Error(fit.detail);
    expect(fit.params.alpha / (fit.params.alpha + fit.params.beta)).toBeCloseTo(210.5577862 / 793.2630024, 6);
  });
});
