import type { SendResult } from '../channels/index.js';

/** What becomes of a claimed delivery. */
export type Outcome =
  | { readonly state: 'sent' }
  | { readonly state: 'failed'; readonly reason: 'invalid_address' | 'provider_rejected' }
  | { readonly state: 'unknown' }
  | { readonly state: 'suppressed'; readonly reason: SuppressionReason }
  | { readonly state: 'deferred'; readonly reason: 'quiet_hours'; readonly freeAt: Date }
  /** Back into the queue: `refused` was an attempt, and so was a `doubt`; else nothing left the process. */
  | { readonly state: 'queued'; readonly refused: boolean; readonly doubt?: true; readonly delayMs: number };

export type SuppressionReason =
  | 'unsubscribed' | 'suppressed_address' | 'no_device' | 'stale_device' | 'no_email' | 'permission_denied' | 'quiet_hours'
  | 'expired' | 'cancelled' | 'render_error' | 'provider_unavailable';

/** At most so many requests for a delivery and device, each after an explicit refusal or, under `onDoubt: resend`, a doubt. */
export const MAX_ATTEMPTS = 3;

/**
 * One delivery, all of its devices: `sent` as soon as one accepts, else `unknown` if any is in doubt, else it may be tried
 * again if a refusal was not for good, else `failed`. A doubt is never retried, for the message may be on the phone already,
 * unless the campaign said `onDoubt: resend`.
 * @param attempts explicit refusals and doubts before these results.
 * @param delayMs how long to wait before the next try, for a given number of attempts.
 */
export function outcomeOf(
  results: readonly SendResult[], attempts: number, delayMs: (attempts: number, retryAfterMs?: number) => number, onDoubt: 'skip' | 'resend' = 'skip',
): Outcome {
  if (results.some((r) => r.kind === 'accepted')) return { state: 'sent' };
  if (results.some((r) => r.kind === 'ambiguous')) {
    if (onDoubt === 'skip' || attempts + 1 >= MAX_ATTEMPTS) return { state: 'unknown' };
    return { state: 'queued', refused: false, doubt: true, delayMs: delayMs(attempts + 1) };
  }
  const passing = results.filter((r) => r.kind === 'refused' && !r.permanent);
  if (passing.length > 0) {
    if (attempts + 1 >= MAX_ATTEMPTS) return { state: 'failed', reason: 'provider_rejected' };
    const asked = Math.max(0, ...passing.map((r) => (r.kind === 'refused' ? (r.retryAfterMs ?? 0) : 0)));
    return { state: 'queued', refused: true, delayMs: delayMs(attempts + 1, asked || undefined) };
  }
  if (results.some((r) => r.kind === 'not_sent')) return { state: 'queued', refused: false, delayMs: delayMs(1) };
  const gone = results.length > 0 && results.every((r) => r.kind === 'refused' && r.class === 'address');
  return { state: 'failed', reason: gone ? 'invalid_address' : 'provider_rejected' };
}
