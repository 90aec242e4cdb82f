import fc from 'fast-check';
import { PACE_SLACK_MS, paceSpacingMs } from '../platform/time/index.js';
import { instantOf, pacePlan, pacedRoom, pacedSpanMs, type PacePlan } from './pace.js';

const SPAN_MS = pacedSpanMs(4_500);
const someSizes = (most: number) => fc.array(fc.integer({ min: 1, max: most }), { minLength: 1, maxLength: 100 });
const planAt = (perMinute: number, sizes: readonly number[]): PacePlan => pacePlan(sizes, paceSpacingMs(perMinute), SPAN_MS);
/** When the requests of a plan leave, of one message after the other. */
const instants = (plan: PacePlan, sizes: readonly number[], firstAt = 0): number[] => plan.offsetsMs.flatMap((_, i) =>
  Array.from({ length: sizes[i]! }, (_, device) => instantOf({ ...plan, firstAt, slackMs: 0 }, i, device)));

describe('the requests of a throttled slice', () => {
  it('leave one spacing apart, whosever devices they are for, within two seconds', () => {
    fc.assert(fc.property(fc.integer({ min: 124, max: 600_000 }), someSizes(5), (perMinute, sizes) => {
      const plan = planAt(perMinute, sizes);
      const all = instants(plan, sizes);
      expect(all).toHaveLength(plan.requests);
      all.forEach((at, i) => expect(at).toBeCloseTo(i * paceSpacingMs(perMinute), 6));
      expect(all.at(-1)).toBeLessThanOrEqual(2_000);
    }));
  });

  it('are those of as many messages as fit, so that the next one would not', () => {
    fc.assert(fc.property(fc.integer({ min: 124, max: 600_000 }), someSizes(5), (perMinute, sizes) => {
      const plan = planAt(perMinute, sizes);
      const next = sizes[plan.offsetsMs.length];
      if (next !== undefined) expect(plan.requests + next).toBeGreaterThan(pacedRoom(paceSpacingMs(perMinute), SPAN_MS));
    }));
  });

  it('are those of one message at least, whole, however slow the throttle is', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 600_000 }), someSizes(2_000), (perMinute, sizes) => {
      const plan = planAt(perMinute, sizes);
      expect(plan.offsetsMs.length).toBeGreaterThan(0);
      expect(instants(plan, sizes)).toHaveLength(plan.requests);
    }));
  });

  it('leave together where the devices of one user cannot be reached within two seconds: below 31 a minute for each but the first', () => {
    expect(planAt(31, [2])).toMatchObject({ gapMs: 2_000, requests: 2, leadMs: 0 });
    expect(planAt(30, [2, 1])).toMatchObject({ offsetsMs: [0], gapMs: 0, requests: 2, leadMs: paceSpacingMs(30) });
    expect(planAt(62, [3])).toMatchObject({ gapMs: 1_000, requests: 3 });
    expect(planAt(61, [3])).toMatchObject({ gapMs: 0, requests: 3 });
    expect(planAt(1, [3])).toMatchObject({ gapMs: 0, requests: 3 });
  });

  it('take no longer than half of what a claim may last under short leases', () => {
    expect(pacedSpanMs(500)).toBe(250);
    expect(pacePlan([1, 1, 1], 200, pacedSpanMs(500))).toMatchObject({ offsetsMs: [0, 200], requests: 2 });
  });
});

/** What campaign_pace holds, kept as its statements keep it. */
class Row {
  private nextAt = 0;
  private keptMs = 0;

  /** @returns when the first request may leave: no sooner than `now`, and after the lead that is not kept yet. */
  reserve(now: number, plan: PacePlan, spacingMs: number): number {
    this.keep(plan.leadMs);
    const firstAt = Math.max(this.nextAt, now);
    [this.nextAt, this.keptMs] = [firstAt + plan.requests * spacingMs, 0];
    return firstAt;
  }

  /** Also by one that then does not come. */
  keep(leadMs: number): void {
    this.nextAt += Math.max(0, leadMs - this.keptMs);
    this.keptMs = Math.max(this.keptMs, leadMs);
  }
}

/** Most requests in any 60 s. */
function mostInAMinute(leaving: readonly number[]): number {
  const ascending = [...leaving].sort((a, b) => a - b);
  let [most, first] = [0, 0];
  ascending.forEach((at, i) => {
    while (ascending[first]! <= at - 60_000) first++;
    most = Math.max(most, i - first + 1);
  });
  return most;
}

interface Claim {
  sizes: number[];
  idleMs: number;
  leftMs: number;
  /** How late each request leaves, as a share of the slack. */
  lateness: number[];
}

/** Slice after slice, each with what is left of it until it is empty. @returns when each request leaves */
function leavingOf(perMinute: number, claims: readonly Claim[], leads = true): number[] {
  const spacingMs = paceSpacingMs(perMinute);
  const row = new Row();
  const leaving: number[] = [];
  let now = 0;
  for (const { sizes, idleMs, leftMs, lateness } of claims) {
    now += idleMs;
    row.keep(leads ? leftMs : 0);
    for (let rest = sizes; rest.length > 0;) {
      const plan = planAt(perMinute, rest);
      const firstAt = row.reserve(now, leads ? plan : { ...plan, leadMs: 0 }, spacingMs);
      leaving.push(...instants(plan, rest, firstAt).map((at, i) => at + lateness[i % lateness.length]! * (PACE_SLACK_MS - 0.01)));
      rest = rest.slice(plan.offsetsMs.length);
    }
  }
  return leaving;
}

describe('of a throttle of n a minute', () => {
  const anyPace = fc.integer({ min: 1, max: 200 }).chain((perMinute) => fc.record({
    perMinute: fc.constant(perMinute),
    claims: fc.array(fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: Math.min(8, perMinute) }), { minLength: 1, maxLength: 60 }),
      idleMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 90_000 })),
      leftMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 20_000 })),
      lateness: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 7 }),
    }), { minLength: 1, maxLength: 20 }),
  }));

  it('at most n requests leave in any 60 s, however many devices people have, however late each of them is', () => {
    fc.assert(fc.property(anyPace, ({ perMinute, claims }) => {
      expect(mostInAMinute(leavingOf(perMinute, claims))).toBeLessThanOrEqual(perMinute);
    }), { numRuns: 2_000 });
  });

  it('more would, if a message whose requests leave together had no lead', () => {
    const claims = [{ sizes: [...Array<number>(9).fill(1), 5], idleMs: 0, leftMs: 0, lateness: [0] }];
    expect(mostInAMinute(leavingOf(10, claims, false))).toBe(14);
    expect(mostInAMinute(leavingOf(10, claims))).toBeLessThanOrEqual(10);
  });

  it('a message for more than n devices leaves whole, and the mean holds over it and the rest before and after it', () => {
    const leaving = leavingOf(1, [{ sizes: [1, 3, 1], idleMs: 0, leftMs: 0, lateness: [0] }]);
    expect(leaving.map((at) => Math.round(at / 62_000))).toEqual([0, 3, 3, 3, 6]);
  });
});
