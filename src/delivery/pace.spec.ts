import fc from 'fast-check';
import { instantOf, pacePlan, pacedRoom, paceSpacingMs, pacedSpanMs, type PacePlan } from './pace.js';

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
    expect(planAt(31, [2])).toMatchObject({ gapMs: 2_000, requests: 2 });
    expect(planAt(30, [2, 1])).toMatchObject({ offsetsMs: [0], gapMs: 0, requests: 2 });
    expect(planAt(62, [3])).toMatchObject({ gapMs: 1_000, requests: 3 });
    expect(planAt(61, [3])).toMatchObject({ gapMs: 0, requests: 3 });
    expect(planAt(1, [3])).toMatchObject({ gapMs: 0, requests: 3 });
  });

  it('take no longer than half of what a claim may last under short leases', () => {
    expect(pacedSpanMs(500)).toBe(250);
    expect(pacePlan([1, 1, 1], 200, pacedSpanMs(500))).toMatchObject({ offsetsMs: [0, 200], requests: 2 });
  });
});
