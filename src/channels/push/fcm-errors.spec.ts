import { classifyFcmAnswer, retryAfterMs } from './fcm-errors.js';

const NOW = new Date('2026-03-01T10:00:00Z');
const FCM = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';

function error(code: number, status: string, errorCode?: string, field?: string): string {
  const details: object[] = errorCode ? [{ '@type': FCM, errorCode }] : [];
  if (field) details.push({ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description: 'x' }] });
  return JSON.stringify({ error: { code, status, message: 'm', ...(details.length > 0 ? { details } : {}) } });
}

const classify = (status: number, body: string, retryAfter?: string): object => classifyFcmAnswer({ status, body, ...(retryAfter === undefined ? {} : { retryAfter }) }, NOW);

describe("FCM's answers", () => {
  test.each<[string, number, string, object]>([
    ['UNREGISTERED deletes the token', 404, error(404, 'NOT_FOUND', 'UNREGISTERED'), { code: 'UNREGISTERED', permanent: true, addressGone: true, class: 'address' }],
    ['404 without the code keeps it (a wrong project)', 404, error(404, 'NOT_FOUND'), { permanent: true, addressGone: false, class: 'config' }],
    ['404 of a proxy keeps it', 404, '<html>', { permanent: true, addressGone: false, class: 'config' }],
    ['a code that every object has as a member is one we do not know', 400, error(400, 'INVALID_ARGUMENT', 'constructor'), { code: 'constructor', permanent: true, class: 'config' }],
    ['UNREGISTERED under another status keeps it', 400, error(400, 'INVALID_ARGUMENT', 'UNREGISTERED'), { addressGone: false }],
    ['INVALID_ARGUMENT keeps the token', 400, error(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'), { permanent: true, addressGone: false, class: 'payload' }],
    ['INVALID_ARGUMENT about the token keeps it too, but blames the address', 400, error(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'message.token'), { addressGone: false, class: 'address' }],
    ['INVALID_ARGUMENT about another field', 400, error(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'message.data[0]'), { addressGone: false, class: 'payload' }],
    ['SENDER_ID_MISMATCH is our configuration', 403, error(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH'), { code: 'SENDER_ID_MISMATCH', permanent: true, addressGone: false, class: 'config' }],
    ['THIRD_PARTY_AUTH_ERROR is our configuration', 401, error(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR'), { permanent: true, class: 'config' }],
    ['an OAuth token that was refused may be replaced', 401, error(401, 'UNAUTHENTICATED'), { permanent: false, class: 'config' }],
    ['429 waits a minute at least', 429, error(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), { permanent: false, class: 'quota', retryAfterMs: 60_000 }],
    ['429 without a body is still a refusal', 429, '', { permanent: false, class: 'quota', retryAfterMs: 60_000 }],
    ['500 with FCM\'s body', 500, error(500, 'INTERNAL', 'INTERNAL'), { permanent: false, class: 'server' }],
    ['503 with FCM\'s body', 503, error(503, 'UNAVAILABLE', 'UNAVAILABLE'), { permanent: false, class: 'server' }],
    ['503 with a body that has no details', 503, error(503, 'UNAVAILABLE'), { code: 'UNAVAILABLE', permanent: false, class: 'server' }],
    ['a code of tomorrow under 4xx', 400, error(400, 'FAILED_PRECONDITION', 'SOMETHING_NEW'), { code: 'SOMETHING_NEW', permanent: true, addressGone: false, class: 'config' }],
    ['a code of tomorrow under 5xx', 503, error(503, 'UNAVAILABLE', 'SOMETHING_NEW'), { permanent: false, addressGone: false, class: 'server' }],
    ['413', 413, '', { permanent: true, class: 'payload' }],
  ])('%s', (_name, status, body, expected) => {
    expect(classify(status, body)).toMatchObject({ kind: 'refused', ...expected });
  });

  test.each<[string, number, string]>([
    ['500 without a body', 500, ''],
    ['503 of a proxy', 503, '<html>503</html>'],
    ['503 with JSON that is not FCM\'s', 503, '{"error":"down"}'],
    ['502', 502, error(502, 'UNAVAILABLE')],
    ['504', 504, error(504, 'UNAVAILABLE')],
    ['408', 408, ''],
    ['200 with garbage', 200, '<html>'],
    ['200 with nothing', 200, ''],
    ['200 with JSON without a name', 200, '{"nam'],
    ['200 with an empty name', 200, '{"name":""}'],
    ['204', 204, ''],
    ['302', 302, ''],
    ['no status', 0, ''],
  ])('%s is ambiguous', (_name, status, body) => {
    expect(classify(status, body)).toMatchObject({ kind: 'ambiguous' });
  });

  test('200 with a name is accepted', () => {
    expect(classify(200, '{"name":"projects/p/messages/1"}')).toEqual({ kind: 'accepted', providerId: 'projects/p/messages/1' });
  });

  test('Retry-After counts where a retry may help, and only there', () => {
    expect(classify(429, error(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), '5')).toMatchObject({ retryAfterMs: 5000 });
    expect(classify(503, error(503, 'UNAVAILABLE'), '30')).toMatchObject({ retryAfterMs: 30_000 });
    expect(classify(503, error(503, 'UNAVAILABLE'))).not.toHaveProperty('retryAfterMs');
    expect(classify(404, error(404, 'NOT_FOUND', 'UNREGISTERED'), '30')).not.toHaveProperty('retryAfterMs');
  });

  test.each<[string | undefined, number | undefined]>([
    ['0', 0],
    [' 7 ', 7000],
    ['Sun, 01 Mar 2026 10:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 09:00:00 GMT', 0],
    ['999999', 3_600_000],
    ['soon', undefined],
    [undefined, undefined],
  ])('Retry-After %s is %s ms', (header, expected) => expect(retryAfterMs(header, NOW)).toBe(expected));
});
