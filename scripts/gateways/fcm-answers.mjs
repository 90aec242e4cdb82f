import { constants } from 'node:http2';

// What the FCM stand-in answers, by behaviour.

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';

export function errorBody(code, status, message, errorCode, violation) {
  const details = [];
  if (errorCode) details.push({ '@type': FCM_ERROR, errorCode });
  if (violation) details.push({ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: violation, description: 'invalid' }] });
  return JSON.stringify({ error: { code, message, status, details } });
}

/** Answers that refuse: status, body, whether a Retry-After goes with it. */
export const REFUSALS = {
  404: [404, errorBody(404, 'NOT_FOUND', 'Requested entity was not found.', 'UNREGISTERED')],
  400: [400, errorBody(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.', 'INVALID_ARGUMENT')],
  '400_token': [400, errorBody(400, 'INVALID_ARGUMENT', 'The registration token is not a valid FCM registration token', 'INVALID_ARGUMENT', 'message.token')],
  401: [401, errorBody(401, 'UNAUTHENTICATED', 'Auth error from APNS or Web Push Service', 'THIRD_PARTY_AUTH_ERROR')],
  '401_oauth': [401, errorBody(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.')],
  403: [403, errorBody(403, 'PERMISSION_DENIED', 'SenderId mismatch', 'SENDER_ID_MISMATCH')],
  429: [429, errorBody(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', 'QUOTA_EXCEEDED')],
  500: [500, errorBody(500, 'INTERNAL', 'Internal error encountered.', 'INTERNAL')],
  503: [503, errorBody(503, 'UNAVAILABLE', 'The service is currently unavailable.', 'UNAVAILABLE')],
  '500_empty': [500, ''],
  '503_empty': [503, ''],
};

export function answer(stream, status, body, headers = {}) {
  if (stream.destroyed || stream.closed) return;
  stream.respond({ ':status': status, 'content-type': 'application/json; charset=UTF-8', ...headers });
  stream.end(body);
}

/** After the accept: the message is taken, the answer goes wrong. */
export const ACCEPTED_FAULTS = {
  reset: (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  drop: (stream) => stream.session?.destroy(),
  hang: () => undefined,
  garbage: (stream) => answer(stream, 200, '<html>it works</html>'),
  half: (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.write('{"name": "proj');
    setTimeout(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR), 10);
  },
  goaway_error: (stream) => stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, stream.id),
};
