import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { exchange } from './fcm-exchange.js';
import type { ExchangeSession, Goaway, WireOutcome } from './fcm-exchange.js';

/** Above what any front end grants in practice; keeps one session from taking everything where the peer sets no limit. */
const MAX_OWN_STREAMS = 250;

export interface WireRequest {
  path: string;
  authorization: string;
  body: string;
  /** Milliseconds from now to the whole answer. */
  timeoutMs: number;
}

export interface SessionOptions {
  endpoint: URL;
  /** PEM of a private certificate authority, in place of the public ones. */
  ca?: string | undefined;
  connectTimeoutMs: number;
  /** A session with open streams or recent use is pinged this often. */
  pingIntervalMs: number;
  pingTimeoutMs: number;
  /** A session without streams for this long is closed: front ends drop idle connections, often without a word. */
  idleMs: number;
}

export interface SessionEvents {
  /** Room for a stream: just connected, a stream ended, or the peer raised its limit. */
  onFree(): void;
  /** No new stream may start here. `unusedBecause` where none ever did: it never came up, or was lost before its first request. */
  onGone(unusedBecause?: string): void;
}

/** The code of a connection that never came up; the outcome of the requests that waited for it. */
function errorCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? code : 'CONNECT_FAILED';
}

function openSocket({ ca, endpoint }: SessionOptions): Socket {
  const host = endpoint.hostname.replace(/^\[|\]$/g, '');
  const secure = endpoint.protocol === 'https:';
  const port = Number(endpoint.port) || (secure ? 443 : 80);
  if (!secure) return connectTcp({ host, port, noDelay: true });
  // An IP address must not stand in the server name extension (RFC 6066 3).
  const tls = connectTls({ host, port, ALPNProtocols: ['h2'], ...(isIP(host) ? {} : { servername: host }), ...(ca ? { ca } : {}) });
  return tls.setNoDelay(true);
}

/** One long-lived HTTP/2 connection. Starts requests only within the peer's stream limit, so that none is refused for that reason. */
export class FcmSession {
  private readonly socket: Socket;
  private readonly session: ClientHttp2Session;
  private readonly connectTimer: NodeJS.Timeout;
  private pingTimer?: NodeJS.Timeout;
  private idleTimer?: NodeJS.Timeout;
  private goaway?: Goaway;
  private ready = false;
  private gone = false;
  private pinging = false;
  private closed?: () => void;
  private openStreams = 0;
  private used = false;
  private peerLimit = 0;
  private readonly exchanges: ExchangeSession = {
    goaway: () => this.goaway,
    // One slow answer is no reason to drop a session; a dead peer does not answer the ping either.
    onTimeout: () => this.ping(),
    onClose: () => this.streamClosed(),
  };

  constructor(
    private readonly options: SessionOptions,
    private readonly events: SessionEvents,
  ) {
    // The socket is ours so that it can be torn down for certain: a session destroyed after GOAWAY may keep its own half open.
    this.socket = openSocket(options);
    this.session = connectHttp2(options.endpoint.origin, {
      createConnection: () => this.socket,
      settings: { enablePush: false },
      maxSessionMemory: 64,
    });
    this.connectTimer = setTimeout(() => this.fail('CONNECT_TIMEOUT'), options.connectTimeoutMs);
    this.listen();
  }

  get streams(): number {
    return this.openStreams;
  }

  get connecting(): boolean {
    return !this.ready && !this.gone;
  }

  /** Streams that may be opened now. */
  get room(): number {
    return this.ready && !this.gone ? Math.min(this.peerLimit, MAX_OWN_STREAMS) - this.openStreams : 0;
  }

  /** Sends one request; call only with `room`. Never rejects. */
  request(request: WireRequest): Promise<WireOutcome> {
    let stream;
    try {
      stream = this.session.request({
        ':method': 'POST',
        ':path': request.path,
        authorization: request.authorization,
        'content-type': 'application/json; charset=utf-8',
      });
    } catch (error) {
      // Thrown before a stream exists: the session is closing, or has used up its stream ids.
      this.drain();
      return Promise.resolve({ kind: 'not_sent', code: errorCode(error) });
    }
    this.openStreams++;
    this.used = true;
    clearTimeout(this.idleTimer);
    return exchange(stream, request.body, request.timeoutMs, this.exchanges);
  }

  /** Takes no more requests and lets the open ones end; resolves when they have. */
  async close(): Promise<void> {
    if (this.openStreams > 0 && !this.session.destroyed) await new Promise<void>((resolve) => (this.closed = resolve));
    this.drain();
    this.destroy();
  }

  private listen(): void {
    this.session.on('remoteSettings', (settings) => {
      this.peerLimit = settings.maxConcurrentStreams ?? MAX_OWN_STREAMS;
      if (this.connecting) this.becomeReady();
      this.events.onFree();
    });
    this.session.on('goaway', (code, lastStreamId) => {
      this.goaway = { errorCode: code, lastStreamId };
      this.drain();
    });
    this.session.on('error', (error) => (this.ready ? this.drain() : this.fail(errorCode(error))));
    this.session.on('close', () => (this.ready ? this.drain() : this.fail('CONNECTION_CLOSED')));
    this.socket.on('close', () => this.session.destroy());
  }

  private becomeReady(): void {
    clearTimeout(this.connectTimer);
    this.ready = true;
    // Requests under way hold the process by their own timers; an idle connection must not.
    this.session.unref();
    this.pingTimer = setInterval(() => this.ping(), this.options.pingIntervalMs).unref();
    this.startIdleTimer();
  }

  private streamClosed(): void {
    this.openStreams--;
    if (this.openStreams === 0) {
      this.closed?.();
      if (this.gone) this.destroy();
      else this.startIdleTimer();
    }
    if (!this.gone) this.events.onFree();
  }

  private startIdleTimer(): void {
    this.idleTimer = setTimeout(() => {
      this.drain();
      this.destroy();
    }, this.options.idleMs).unref();
  }

  private ping(): void {
    if (this.pinging || this.session.destroyed || this.session.closed) return;
    this.pinging = true;
    const timer = setTimeout(() => this.lose(), this.options.pingTimeoutMs);
    const sent = this.session.ping((error) => {
      clearTimeout(timer);
      this.pinging = false;
      if (error) this.lose();
    });
    if (!sent) clearTimeout(timer);
  }

  /** The peer is gone without a word: everything on it is in doubt. */
  private lose(): void {
    this.drain();
    this.destroy();
  }

  private fail(code: string): void {
    if (this.gone) return;
    this.stop();
    this.destroy();
    this.events.onGone(code);
  }

  private drain(): void {
    if (this.gone) return;
    this.stop();
    if (this.openStreams === 0) this.destroy();
    this.events.onGone(this.used ? undefined : 'SESSION_LOST');
  }

  private stop(): void {
    this.gone = true;
    clearTimeout(this.connectTimer);
    clearInterval(this.pingTimer);
    clearTimeout(this.idleTimer);
  }

  private destroy(): void {
    this.session.destroy(undefined, constants.NGHTTP2_NO_ERROR);
    // A moment for our own GOAWAY to leave, then the socket goes whatever the peer does.
    setTimeout(() => this.socket.destroy(), 50).unref();
  }
}
