import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Server, type Socket } from 'node:net';

/** One connection through the proxy: towards whoever called it, and towards the server. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * A TCP proxy on a free loopback port that does to what runs through it what networks do: cuts, delays, stands still, loses answers,
 * half-closes, refuses. Each method acts on all connections of the moment.
 */
export class SocketProxy {
  /** Milliseconds by which every piece is late, either way; the order stays. */
  latencyMs = 0;
  private readonly pairs = new Set<Pair>();
  private readonly swallowed = new WeakSet<Pair>();
  private readonly heldBack: (() => void)[] = [];
  private holding = false;
  private losing = false;
  private refusing = false;
  private awaited?: { text: string; seen: () => void };

  private constructor(
    private readonly listener: Server,
    private readonly target: NetConnectOpts,
  ) {}

  static async to(target: NetConnectOpts): Promise<SocketProxy> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true });
    const proxy = new SocketProxy(listener, target);
    listener.on('connection', (client) => proxy.take(client));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.pairs.size;
  }

  /** Resets every connection. */
  cut(): void {
    for (const pair of this.pairs) drop(pair);
  }

  /** Says to the callers that no more will come, while what they send still goes through. */
  halfClose(): void {
    for (const { client } of this.pairs) client.end();
  }

  /** Nothing passes, either way, and nobody is told; `heal` lets all of it through. */
  standStill(): void {
    this.holding = true;
  }

  /** Requests reach the server; their answers are lost until `heal`, which resets what lost any. */
  loseAnswers(): void {
    this.losing = true;
  }

  /** Resolves when a request with `text` in it has gone to the server; from then on answers are lost, so that nobody has heard its answer. */
  loseAnswerTo(text: string): Promise<void> {
    return new Promise((seen) => (this.awaited = { text, seen }));
  }

  /** What runs over the connections there are is swallowed for ever, and nobody is told; new ones are whole. */
  swallow(): void {
    for (const pair of this.pairs) this.swallowed.add(pair);
  }

  /** New connections are reset as soon as they are made, and so are those there are. */
  refuse(): void {
    this.refusing = true;
    this.cut();
  }

  /** All passes again. */
  heal(): void {
    if (this.losing) this.cut();
    this.holding = this.losing = this.refusing = false;
    this.latencyMs = 0;
    for (const pass of this.heldBack.splice(0)) pass();
  }

  async close(): Promise<void> {
    this.heal();
    this.cut();
    this.listener.close();
    await once(this.listener, 'close');
  }

  private take(client: Socket): void {
    if (this.refusing) return void client.on('error', () => undefined).resetAndDestroy();
    const pair = { client, server: connect({ ...this.target, allowHalfOpen: true }) };
    this.pairs.add(pair);
    this.carry(pair, client, pair.server, () => false);
    client.on('data', (bytes: Buffer) => this.look(bytes));
    this.carry(pair, pair.server, client, () => this.losing);
  }

  private look(bytes: Buffer): void {
    if (!this.awaited || !bytes.includes(this.awaited.text)) return;
    this.losing = true;
    this.awaited.seen();
    this.awaited = undefined;
  }

  private carry(pair: Pair, from: Socket, to: Socket, lost: () => boolean): void {
    let due = 0;
    const pass = (act: () => void): void => {
      due = Math.max(due, performance.now() + this.latencyMs);
      const wait = due - performance.now();
      const go = (): void => void (this.holding ? this.heldBack.push(act) : act());
      if (wait > 0) setTimeout(go, wait);
      else go();
    };
    from.on('data', (bytes: Buffer) => lost() || this.swallowed.has(pair) || pass(() => to.writable && to.write(bytes)));
    from.on('end', () => pass(() => to.writable && to.end()));
    from.on('error', () => drop(pair));
    from.on('close', () => {
      this.pairs.delete(pair);
      to.destroy();
    });
  }
}

function drop({ client, server }: Pair): void {
  // A unix socket knows no reset; and one that has said its end cannot take it back: Node would keep the handle open for ever.
  for (const socket of [client, server]) {
    if (socket.remoteAddress && !socket.writableEnded) socket.resetAndDestroy();
    else socket.destroy();
  }
}
