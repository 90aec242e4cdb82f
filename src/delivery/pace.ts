/** The requests of a throttled slice leave within so long of each other, so that pause and stop are heard in time. */
const PACED_SLICE_MS = 2_000;

/**
 * How long a throttled slice may take from its first request to its last. Half of a claim's age at most: the first instant may lie a
 * second ahead, the claim takes its time too, and what would leave too late is given back each time it is claimed.
 */
export function pacedSpanMs(maxClaimAgeMs: number): number {
  return Math.min(PACED_SLICE_MS, maxClaimAgeMs / 2);
}

/** How many requests, one spacing apart, leave within the span. */
export function pacedRoom(spacingMs: number, spanMs: number): number {
  return Math.floor(spanMs / spacingMs) + 1;
}

/** What of a throttled slice goes, and when. */
export interface PacePlan {
  /** Of each message that goes, from the first on: when its first request leaves, in milliseconds after the first of all. */
  readonly offsetsMs: readonly number[];
  /** Between the requests of one message. */
  readonly gapMs: number;
  /** Requests in all: so many instants are reserved. */
  readonly requests: number;
  /** Beyond the spacing, nothing else of the campaign leaves for so long before the first request. */
  readonly leadMs: number;
}

/**
 * A request for each device, each at its own instant: as many messages as leave within the span, one at least. The further requests of a
 * message cannot wait for another claim, since a delivery is claimed, sent and settled whole: where they alone take longer than the
 * span, all of them leave together.
 *
 * Such a message keeps as much time free before it as after it. After it alone, five devices at 10 a minute would be the end of
 * 60 s that hold nine others. With both, messages of a and b requests are at least a + b − 1 spacings apart (of those that are spread each
 * request is one of 1), so those from the first to the last of k requests lie k − 1 spacings apart, and the n spacings of 62 s hold at
 * most n. Only a single message for more than n devices is more.
 * @param requests of each claimed message
 */
export function pacePlan(requests: readonly number[], spacingMs: number, spanMs: number): PacePlan {
  const room = pacedRoom(spacingMs, spanMs);
  const offsetsMs: number[] = [];
  let reserved = 0;
  for (const size of requests) {
    if (reserved + size > room) break;
    offsetsMs.push(reserved * spacingMs);
    reserved += size;
  }
  if (reserved > 0) return { offsetsMs, gapMs: spacingMs, requests: reserved, leadMs: 0 };
  return { offsetsMs: [0], gapMs: 0, requests: requests[0]!, leadMs: (requests[0]! - 1) * spacingMs };
}

/** The reserved instants of a slice. */
export interface Pace extends PacePlan {
  /** When the first request may leave, in monotonic milliseconds. */
  readonly firstAt: number;
  /** How long after its instant a request may leave. */
  readonly slackMs: number;
}

/** When a request may leave: the `device`-th of the slice's `index`-th message. */
export function instantOf({ firstAt, offsetsMs, gapMs }: Pace, index: number, device: number): number {
  return firstAt + offsetsMs[index]! + device * gapMs;
}
