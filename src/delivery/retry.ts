const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;

/**
 * Milliseconds until the next try: exponential from 1 s to 60 s with full jitter on the upper half, so that a thousand messages
 * refused together do not come back together; never before the provider's own Retry-After.
 * @param refusals how often it was refused so far, at least 1. @param random uniform in [0, 1).
 */
export function retryDelayMs(refusals: number, random: number, retryAfterMs?: number): number {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (refusals - 1));
  const delay = ceiling / 2 + (ceiling / 2) * random;
  return Math.round(Math.max(delay, retryAfterMs === undefined ? 0 : retryAfterMs * (1 + 0.1 * random)));
}
