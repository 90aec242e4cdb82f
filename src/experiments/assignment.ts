/**
 * Who is held out and who gets which variant: a pure function of salt and user, the same in TypeScript and in SQL.
 * bucket = H(salt ":" userId) mod 10,000, H the first 60 bits of SHA-256 (60 fit a signed bigint; the modulo bias is
 * 1e4/2^60). A salt is unique to its experiment and never reused; holdout and variants need different salts,
 * or the variants of those not held out would start at the holdout's edge.
 */
import { createHash } from 'node:crypto';

export const BUCKETS = 10_000;

/**
 * Bucket 0 … 9,999 of a user under a salt.
 * SQL: ('x' || left(encode(sha256(convert_to(salt || ':' || user_id, 'UTF8')), 'hex'), 15))::bit(60)::bigint % 10000
 */
export function assignmentBucket(salt: string, userId: string): number {
  const hex = createHash('sha256').update(`${salt}:${userId}`, 'utf8').digest('hex');
  return Number(BigInt(`0x${hex.slice(0, 15)}`) % BigInt(BUCKETS));
}

/**
 * Number of buckets that a share takes, round(share · 10,000): the integer to hand to SQL as well.
 * Rounded, because 0.07 · 10,000 is 700.0000000000001 in floating point and would hold out one bucket more than numeric SQL.
 * @throws RangeError unless 0 ≤ share ≤ 1
 */
export function holdoutBuckets(share: number): number {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`a share must be between 0 and 1, got ${share}`);
  return Math.round(share * BUCKETS);
}

/** Whether the user belongs to the holdout of `share` (0 … 1, honoured to 1/10,000). A larger share keeps everybody already held out. */
export function inHoldout(salt: string, userId: string, share: number): boolean {
  return assignmentBucket(salt, userId) < holdoutBuckets(share);
}

/**
 * First bucket above each variant: round(10,000 · (w₀ + … + wᵢ) / Σw), the last one 10,000; also the integers to hand to SQL.
 * A weight of 0 gets no bucket.
 * @throws RangeError without a positive finite sum, or on a negative weight
 */
export function variantBounds(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0) || total === Infinity || weights.some((weight) => !(weight >= 0))) {
    throw new RangeError(`weights must not be negative and sum to more than 0, got [${weights.join(', ')}]`);
  }
  let cumulative = 0;
  return weights.map((weight) => {
    cumulative += weight;
    return Math.round((BUCKETS * cumulative) / total);
  });
}

/** Index of the user's variant, in proportion to the weights (honoured to 1/10,000). */
export function variantIndex(salt: string, userId: string, weights: readonly number[]): number {
  const bounds = variantBounds(weights);
  const bucket = assignmentBucket(salt, userId);
  return bounds.findIndex((bound) => bucket < bound);
}
