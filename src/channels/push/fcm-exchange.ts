import { constants } from 'node:http2';
import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { Ambiguous, NotSent } from '../channel-sender.js';
import type { FcmAnswer } from './fcm-errors.js';

/** FCM's answers have a few hundred bytes; more than this is not from FCM and would only cost memory. */
const MAX_ANSWER_BYTES = 64 * 1024;
const HEADERS_FRAME = 1;

export interface WireAnswer extends FcmAnswer {
  kind: 'answer';
}
export type WireOutcome = WireAnswer | NotSent | Ambiguous;

/** A GOAWAY of the peer: streams above `lastStreamId` were not and will not be processed (RFC 9113 6.8). */
export interface Goaway {
  errorCode: number;
  lastStreamId: number;
}

interface Progress {
  answered: boolean;
  ended: boolean;
  /** Our HEADERS frame was dropped inside this process, before the socket. */
  headersDropped: boolean;
  error?: NodeJS.ErrnoException;
}

/** RFC 9113 7, by number. */
const RST_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

/**
 * Why a stream that ended without a whole answer ended, and whether that proves that nothing was processed. Two frames prove it:
 * RST_STREAM with REFUSED_STREAM, and a GOAWAY that names a lower last stream. Node gives the streams that it destroys after a
 * GOAWAY that frame's error code as their own, so once a GOAWAY with an error was seen, only its last stream id counts.
 */
export function classifyLostStream(
  stream: { id?: number | undefined; rstCode: number },
  progress: Progress,
  goaway: Goaway | undefined,
): NotSent | Ambiguous {
  if (progress.answered) return { kind: 'ambiguous', code: 'ANSWER_CUT' };
  if (stream.id === undefined || progress.headersDropped) return { kind: 'not_sent', code: 'NOT_STARTED' };
  if (goaway && stream.id > goaway.lastStreamId) return { kind: 'not_sent', code: 'GOAWAY' };
  const ownCode = !goaway || goaway.errorCode === constants.NGHTTP2_NO_ERROR;
  if (ownCode && stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return { kind: 'not_sent', code: 'REFUSED_STREAM' };
  // A reset carries its own reason; whatever else ended the stream is the session's or the socket's error.
  if (progress.error?.code === 'ERR_HTTP2_STREAM_ERROR') return { kind: 'ambiguous', code: RST_NAMES[stream.rstCode] ?? 'RESET' };
  return { kind: 'ambiguous', code: progress.error?.code ?? 'SESSION_LOST' };
}

/** What an exchange needs of its session and tells it. One object for all requests of a session. */
export interface ExchangeSession {
  /** The GOAWAY that the session has seen by the time the stream is lost. */
  goaway(): Goaway | undefined;
  onTimeout(): void;
  onClose(): void;
}

function textOf(parts: readonly Buffer[]): string {
  return (parts.length === 1 ? parts[0]! : Buffer.concat(parts)).toString('utf8');
}

/**
 * Drives one request on its stream to its outcome. Resolves exactly once, never rejects; after `timeoutMs` the stream is cancelled
 * and the outcome is ambiguous, for the request may have been read.
 */
export function exchange(stream: ClientHttp2Stream, body: string, timeoutMs: number, session: ExchangeSession): Promise<WireOutcome> {
  return new Promise((resolve) => {
    const progress: Progress = { answered: false, ended: false, headersDropped: false };
    let status = 0;
    let retryAfter: string | undefined;
    const parts: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => {
      resolve({ kind: 'ambiguous', code: 'TIMEOUT' });
      stream.close(constants.NGHTTP2_CANCEL);
      session.onTimeout();
    }, timeoutMs);
    stream.on('response', (headers: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
      progress.answered = true;
      status = headers[':status'] ?? 0;
      retryAfter = headers['retry-after'];
    });
    // Decoded once, at the end: a decoder for each stream costs more than the few hundred bytes that it decodes.
    stream.on('data', (part: Buffer) => {
      parts.push(part);
      if ((size += part.length) > MAX_ANSWER_BYTES) stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('end', () => (progress.ended = true));
    stream.on('frameError', (type: number) => (progress.headersDropped ||= type === HEADERS_FRAME));
    stream.on('error', (error: NodeJS.ErrnoException) => (progress.error = error));
    stream.on('close', () => {
      clearTimeout(timer);
      session.onClose();
      const whole = progress.answered && progress.ended && stream.rstCode === constants.NGHTTP2_NO_ERROR;
      if (whole) resolve({ kind: 'answer', status, body: textOf(parts), ...(retryAfter === undefined ? {} : { retryAfter }) });
      else resolve(classifyLostStream(stream, progress, session.goaway()));
    });
    stream.end(body);
  });
}
