import type { RefusalClass, Refused, SendResult } from '../channel-sender.js';

/** Google asks for at least a minute after a 429 that names no time. */
const DEFAULT_QUOTA_WAIT_MS = 60_000;

/** An answer of the send endpoint, as read off the wire. */
export interface FcmAnswer {
  status: number;
  body: string;
  retryAfter?: string;
}

interface FcmError {
  /** FcmError.errorCode where given, else the google.rpc status. */
  code: string;
  /** The offending field is the registration token. */
  aboutToken: boolean;
}

/** What each of FCM's error codes says about the message, the token and us (Firebase: "FCM error codes"). */
const TABLE: Record<string, Pick<Refused, 'permanent' | 'addressGone' | 'class'>> = {
  UNREGISTERED: { permanent: true, addressGone: true, class: 'address' },
  UNREGISTERED_FID: { permanent: true, addressGone: true, class: 'address' },
  // The token stays: the same code stands for a bad payload, and a bad campaign must not empty the device table.
  INVALID_ARGUMENT: { permanent: true, addressGone: false, class: 'payload' },
  SENDER_ID_MISMATCH: { permanent: true, addressGone: false, class: 'config' },
  THIRD_PARTY_AUTH_ERROR: { permanent: true, addressGone: false, class: 'config' },
  PERMISSION_DENIED: { permanent: true, addressGone: false, class: 'config' },
  // Our own OAuth token: the next call fetches a new one.
  UNAUTHENTICATED: { permanent: false, addressGone: false, class: 'config' },
  QUOTA_EXCEEDED: { permanent: false, addressGone: false, class: 'quota' },
  RESOURCE_EXHAUSTED: { permanent: false, addressGone: false, class: 'quota' },
  UNAVAILABLE: { permanent: false, addressGone: false, class: 'server' },
  INTERNAL: { permanent: false, addressGone: false, class: 'server' },
};

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** The error that FCM put into the body, or undefined where the body is not FCM's (a proxy's page, nothing at all). */
function fcmError(body: string): FcmError | undefined {
  const error = field(parse(body), 'error');
  const status = field(error, 'status');
  if (typeof status !== 'string') return undefined;
  const details = field(error, 'details');
  const list: unknown[] = Array.isArray(details) ? details : [];
  const codes = list.map((detail) => field(detail, 'errorCode')).filter((code) => typeof code === 'string');
  const violations = list.flatMap((detail) => {
    const found = field(detail, 'fieldViolations');
    return Array.isArray(found) ? (found as unknown[]) : [];
  });
  return {
    code: codes[0] ?? status,
    aboutToken: violations.length > 0 && violations.every((violation) => field(violation, 'field') === 'message.token'),
  };
}

/**
 * Milliseconds of a `Retry-After` header (seconds or an HTTP date), or undefined where it is absent or nonsense.
 * Held to an hour: FCM asks to give up after that, and a wrong date must not park a campaign for a year.
 */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const value = header.trim();
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : undefined;
}

function accepted(body: string): SendResult {
  const name = field(parse(body), 'name');
  return typeof name === 'string' && name !== '' ? { kind: 'accepted', providerId: name } : { kind: 'ambiguous', code: 'GARBAGE' };
}

function refused(code: string, permanent: boolean, cls: RefusalClass, wait?: number): Refused {
  return { kind: 'refused', code, permanent, addressGone: false, class: cls, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
}

/** A 4xx without FCM's body comes from something in between: refused for certain, but it says nothing about the token. */
function bareRefusal(status: number, wait: number | undefined): SendResult {
  if (status === 408) return { kind: 'ambiguous', code: 'HTTP_408' };
  if (status === 429) return refused('HTTP_429', false, 'quota', wait ?? DEFAULT_QUOTA_WAIT_MS);
  if (status === 413) return refused('HTTP_413', true, 'payload');
  // An OAuth token that is refused may be replaced by the next call.
  return refused(`HTTP_${status}`, status !== 401, 'config');
}

function fromTable(status: number, error: FcmError, wait: number | undefined): SendResult {
  const known = Object.hasOwn(TABLE, error.code) ? TABLE[error.code] : undefined;
  // UNREGISTERED deletes a token, so it has to come under the status that FCM documents for it.
  if (!known || (known.addressGone && status !== 404)) return refused(error.code, status < 500, status < 500 ? 'config' : 'server', wait);
  const result: Refused = { kind: 'refused', code: error.code, ...known };
  if (error.code === 'INVALID_ARGUMENT' && error.aboutToken) result.class = 'address';
  const pause = known.class === 'quota' ? (wait ?? DEFAULT_QUOTA_WAIT_MS) : wait;
  if (!known.permanent && pause !== undefined) result.retryAfterMs = pause;
  return result;
}

/**
 * What an answer of FCM means for the message. An explicit refusal needs FCM's own error body under 5xx; a bare 5xx may come from a
 * proxy that had already handed the message on, and is therefore ambiguous (messages behind a bare 503 have been seen to arrive).
 */
export function classifyFcmAnswer(answer: FcmAnswer, now: Date): SendResult {
  const { status, body } = answer;
  if (status === 200) return accepted(body);
  const wait = retryAfterMs(answer.retryAfter, now);
  const error = fcmError(body);
  if (status === 500 || status === 503) {
    return error ? fromTable(status, error, wait) : { kind: 'ambiguous', code: `HTTP_${status}` };
  }
  if (status < 400 || status > 499) return { kind: 'ambiguous', code: `HTTP_${status}` };
  return error ? fromTable(status, error, wait) : bareRefusal(status, wait);
}
