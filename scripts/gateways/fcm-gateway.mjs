import { constants, createServer } from 'node:http2';
import { ACCEPTED_FAULTS, answer, errorBody, REFUSALS } from './fcm-answers.mjs';
import { offendingField } from './fcm-body.mjs';

const PATH = /^\/v1\/projects\/([^/]+)\/messages:send$/;

function later(ms, run) {
  if (ms > 0) setTimeout(run, ms);
  else run();
}

/** Counts connections, and gives each the number under which the journal names it. */
function trackSession(session, sessions, stats) {
  stats.connections++;
  session.gatewayId = ++stats.opened;
  sessions.add(session);
  session.on('error', () => undefined);
  session.on('close', () => {
    stats.connections--;
    sessions.delete(session);
  });
}

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

  /** The message has reached the provider for good. */
  function accept(message, project) {
    const name = `projects/${project}/messages/${++accepted}`;
    journal.accept('push', message.token, { messageId: message.data?.messageId, name });
    onMessage({ channel: 'push', name, project, message });
    return JSON.stringify({ name });
  }

  function play(rule, stream, message, project) {
    const { behaviour } = rule;
    const wait = rules.latencyMs + (rule.delayMs ?? (behaviour === 'slow' ? 1000 : 0));
    if (behaviour === 'refused') return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    // "Nothing above the stream before this one": the connection ends, and this request was provably not looked at.
    if (behaviour === 'goaway') return stream.session?.goaway(constants.NGHTTP2_NO_ERROR, stream.id - 2);
    const refusal = REFUSALS[behaviour];
    if (refusal) {
      const headers = rule.retryAfter === undefined ? {} : { 'retry-after': String(rule.retryAfter) };
      // A 5xx without a body may come from a proxy in between, so it is no refusal that anybody could rely on.
      if (refusal[1] !== '') journal.refuse('push', message.token, { messageId: message.data?.messageId, behaviour });
      return later(wait, () => answer(stream, refusal[0], refusal[1], headers));
    }
    const body = accept(message, project);
    const fault = ACCEPTED_FAULTS[behaviour];
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

  server.on('session', (session) => trackSession(session, sessions, stats));
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
