import { constants, createServer } from 'node:http2';
import { offendingField } from './fcm-body.mjs';

const PATH = /^\/v1\/projects\/([^/]+)\/messages:send$/;
const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';

function errorBody(code, status, message, errorCode, violation) {
  const details = [];
  if (errorCode) details.push({ '@type': FCM_ERROR, errorCode });
  if (violation) details.push({ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: violation, description: 'invalid' }] });
  return JSON.stringify({ error: { code, message, status, details } });
}

/** Answers that refuse: status, body, whether a Retry-After goes with it. */
const REFUSALS = {
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

/**
 * Stands in for FCM's HTTP v1 API over HTTP/2 with prior knowledge. What it accepts it hands to `onMessage`, as if to the phone; the
 * faults after the accept (reset, hang, …) are the ones that a sender must not answer by sending again.
 * @param {{rules: import('./rules.mjs').Rules, journal: import('./journal.mjs').Journal, onMessage: (message: object) => void, maxStreams?: number}} options
 */
export function createFcmGateway({ rules, journal, onMessage, maxStreams = 100 }) {
  let accepted = 0;
  const stats = { connections: 0, opened: 0, streams: 0 };
  const sessions = new Set();
  const server = createServer({ settings: { maxConcurrentStreams: maxStreams, enableConnectProtocol: false } });

  function answer(stream, status, body, headers = {}) {
    if (stream.destroyed || stream.closed) return;
    stream.respond({ ':status': status, 'content-type': 'application/json; charset=UTF-8', ...headers });
    stream.end(body);
  }

  function later(ms, run) {
    if (ms > 0) setTimeout(run, ms);
    else run();
  }

  /** The message has reached the provider for good. */
  function accept(message, project) {
    const name = `projects/${project}/messages/${++accepted}`;
    journal.accept('push', message.token, { messageId: message.data?.messageId, name });
    onMessage({ channel: 'push', name, project, message });
    return JSON.stringify({ name });
  }

  const acceptedFaults = {
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

  function play(rule, stream, message, project) {
    const { behaviour } = rule;
    const wait = rules.latencyMs + (rule.delayMs ?? (behaviour === 'slow' ? 1000 : 0));
    if (behaviour === 'refused') return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    // "Nothing above the stream before this one": the connection ends, and this request was provably not looked at.
    if (behaviour === 'goaway') return stream.session?.goaway(constants.NGHTTP2_NO_ERROR, stream.id - 2);
    const refusal = REFUSALS[behaviour];
    if (refusal) {
      const headers = rule.retryAfter === undefined ? {} : { 'retry-after': String(rule.retryAfter) };
      return later(wait, () => answer(stream, refusal[0], refusal[1], headers));
    }
    const body = accept(message, project);
    const fault = acceptedFaults[behaviour];
    journal.then(() => later(wait, () => (fault ? fault(stream) : answer(stream, 200, body))));
  }

  function handle(stream, headers, text) {
    const path = PATH.exec(headers[':path'] ?? '');
    if (!path || headers[':method'] !== 'POST') return answer(stream, 404, errorBody(404, 'NOT_FOUND', 'no such path'));
    if (!/^Bearer \S+$/.test(headers.authorization ?? '')) return answer(stream, 401, REFUSALS['401_oauth'][1]);
    let body;
    try {
      body = JSON.parse(text);
    } catch {
      return answer(stream, 400, errorBody(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received.'));
    }
    const token = String(body?.message?.token ?? '');
    journal.request('push', token, { messageId: body?.message?.data?.messageId, connection: stream.session?.gatewayId, stream: stream.id });
    const offending = offendingField(body ?? {});
    if (offending) return answer(stream, 400, errorBody(400, 'INVALID_ARGUMENT', `Invalid value at '${offending}'`, 'INVALID_ARGUMENT', offending));
    const rule = rules.find('push', token);
    journal.then(() => play(rule, stream, body.message, path[1]));
  }

  server.on('session', (session) => {
    stats.opened++;
    stats.connections++;
    session.gatewayId = stats.opened;
    sessions.add(session);
    session.on('error', () => undefined);
    session.on('close', () => {
      stats.connections--;
      sessions.delete(session);
    });
  });
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => {
    stats.streams++;
    let text = '';
    stream.setEncoding('utf8');
    stream.on('error', () => undefined);
    stream.on('data', (chunk) => (text += chunk));
    stream.on('end', () => handle(stream, headers, text));
  });

  return {
    stats,
    listen: (port, host) => new Promise((resolve, reject) => server.once('error', reject).listen(port, host, () => resolve(server.address().port))),
    close: () => {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}
