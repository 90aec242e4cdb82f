import { liftOf, type LiftArm } from '../lift-panel.js';
import { countsOf } from '../results-shape.js';
import type { CampaignResults } from '../results.js';
import { count, percent } from './format.js';
import { reportBody } from './report-page.js';

const arm = (users: number, converted: number): LiftArm => ({ users, converted, total: converted * 10, squares: converted * 100 });

function page(treated: LiftArm, control: LiftArm, outcomes: [string, number][] = []): string {
  const sums = { outcomes: outcomes.map(([outcome, n]) => ({ variant: 0, outcome, reason: null, count: `${n}`, resent: '0' })), facts: [], conversions: [] };
  const results = {
    campaignId: '1', name: 'Spring', runId: null, channel: 'push', topic: null, status: 'completed', ignoreCaps: false,
    asOf: new Date(0), launchedAt: new Date(0), timezone: 'UTC', currency: 'EUR', ...countsOf(sums as never, 'EUR', 0),
    variants: [], lift: liftOf(treated, control, 0.5, true), byDay: [], bySegment: [],
  } satisfies CampaignResults;
  return reportBody(results).text;
}

describe('the report tells an effect from chance', () => {
  it('says that the campaign worked only where the whole interval is above zero', () => {
    expect(page(arm(2000, 300), arm(2000, 150))).toContain('The campaign worked.');
    expect(page(arm(2000, 152), arm(2000, 150))).toContain('An effect is not shown: the interval holds zero.');
  });

  it('says that the campaign did harm where it did', () => {
    expect(page(arm(2000, 150), arm(2000, 300))).toContain('The campaign did harm.');
  });

  it('writes the ends of the interval at the line', () => {
    const ends = [...page(arm(2000, 300), arm(2000, 150)).matchAll(/class="tick mid"[^>]*>([^<]*pp)</g)].map(([, text]) => text);
    expect(ends).toEqual(['+5.6 pp', '+9.5 pp']);
  });
});

it('the report draws who is deferred, failed or in doubt beside who is suppressed', () => {
  const text = page(arm(9, 1), arm(9, 1), [['sent', 5], ['deferred', 4], ['failed', 3], ['unknown', 2], ['held_out', 1]]);
  expect(/aria-label="Reasons for not sending: ([^"]*)"/.exec(text)?.[1]).toBe('deferred 4, failed 3, in doubt 2, held out 1');
});

it('figures have a minus sign, and nothing is minus zero', () => {
  expect([count(-0.3), count(-1234.4), count(7)]).toEqual(['0', '−1,234', '7']);
  expect([percent(-0.278), percent(0.004), percent(null)]).toEqual(['−27.8 %', '0.40 %', '–']);
});
