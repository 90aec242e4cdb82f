import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/gateways/gateway-process.mjs', import.meta.url));

export interface ReceivedPush {
  channel: 'push';
  name: string;
  project: string;
  /** FCM v1's message as it came over the wire. */
  message: { token: string; data?: Record<string, string> } & Record<string, unknown>;
  at: string;
}

export interface ReceivedEmail {
  channel: 'email';
  id: string;
  from: string;
  to: string[];
  messageId?: string;
  headers: [name: string, value: string][];
  raw: string;
  at: string;
}

export type ReceivedMessage = ReceivedPush | ReceivedEmail;

export interface Count {
  /** Well-formed requests that reached the gateway. */
  requests: number;
  /** Of these, messages that it took. */
  accepts: number;
}

export interface GatewayTotals {
  totals: { push: Count; email: Count };
  fcm: { connections: number; opened: number; streams: number };
  smtp: { opened: number };
}

export interface GatewayCounts extends GatewayTotals {
  /** By `push:<token>` and `email:<address>`. */
  addresses: Record<string, Count>;
}

/** The newest rule that matches decides; an address `gw-<behaviour>-…` needs none. */
export interface GatewayRule {
  channel?: 'push' | 'email';
  address?: string;
  prefix?: string;
  /** push: ok 404 400 400_token 401 401_oauth 403 429 500 503 500_empty 503_empty reset drop hang garbage half goaway goaway_error refused slow;
   *  email: ok 421 450 452 550 550_policy data_451 data_554 drop reset hang drop_rcpt slow, and for the address `greeting`: hang drop 421. */
  behaviour: string;
  /** Each n-th match only. */
  every?: number;
  /** The first n matches only. */
  times?: number;
  retryAfter?: number | string;
  delayMs?: number;
}

export interface GatewayOptions {
  /** JSONL file that gets every request and accept before the answer goes out. */
  log?: string;
  fsync?: boolean;
  maxStreams?: number;
  latencyMs?: number;
  /** A port of choice instead of a free one: to come back where a gateway died. */
  fcmPort?: number;
  smtpPort?: number;
  /** Called with what the gateways accepted, in batches, as it comes. */
  onMessages?: (messages: ReceivedMessage[]) => void;
}

export interface Gateways {
  fcmUrl: string;
  smtpUrl: string;
  controlUrl: string;
  pid: number;
  /** Accepted messages, oldest first; the last 20,000. */
  received(): Promise<ReceivedMessage[]>;
  counts(): Promise<GatewayCounts>;
  /** The same without the addresses: a few numbers, however many there are. */
  totals(): Promise<GatewayTotals>;
  /** Counts of one push token or mail address; zeros where it was never seen. */
  count(channel: 'push' | 'email', address: string): Promise<Count>;
  behave(rule: GatewayRule): Promise<void>;
  latency(ms: number): Promise<void>;
  /** Forgets rules, counts and messages. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

interface Ready {
  type: 'ready';
  pid: number;
  fcmUrl: string;
  smtpUrl: string;
  controlUrl: string;
}

function processArguments(options: GatewayOptions): string[] {
  return [
    SCRIPT,
    ...(options.log ? ['--log', options.log] : []),
    ...(options.fsync ? ['--fsync'] : []),
    ...(options.onMessages ? ['--events', 'ipc'] : []),
    ...(options.maxStreams ? ['--max-streams', String(options.maxStreams)] : []),
    ...(options.fcmPort ? ['--fcm-port', String(options.fcmPort)] : []),
    ...(options.smtpPort ? ['--smtp-port', String(options.smtpPort)] : []),
    ...(options.latencyMs ? ['--latency', String(options.latencyMs)] : []),
  ];
}

async function readyLine(child: ChildProcess): Promise<Ready> {
  if (!child.stdout) throw new Error('the gateway process has no stdout');
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Ready;
  throw new Error('the gateway process ended before it was ready');
}

async function control<T>(url: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const response = await fetch(url + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`gateway control ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Starts both gateways in a process of their own on free loopback ports. It ends with `stop()`, or when this process dies. */
export async function startGateways(options: GatewayOptions = {}): Promise<Gateways> {
  const child = spawn(process.execPath, processArguments(options), { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const { onMessages } = options;
  if (onMessages) {
    child.on('message', (event: { type: string; messages: ReceivedMessage[] }) => {
      if (event.type === 'received') onMessages(event.messages);
    });
  }
  const { fcmUrl, smtpUrl, controlUrl, pid } = await readyLine(child);
  const exited = once(child, 'exit');
  const counts = (): Promise<GatewayCounts> => control<GatewayCounts>(controlUrl, 'GET', '/counts');
  return {
    fcmUrl,
    smtpUrl,
    controlUrl,
    pid,
    counts,
    totals: () => control<GatewayTotals>(controlUrl, 'GET', '/totals'),
    received: async () => (await control<{ messages: ReceivedMessage[] }>(controlUrl, 'GET', '/received')).messages,
    count: async (channel, address) => (await counts()).addresses[`${channel}:${address}`] ?? { requests: 0, accepts: 0 },
    behave: async (rule) => void (await control(controlUrl, 'POST', '/behave', rule)),
    latency: async (ms) => void (await control(controlUrl, 'POST', '/latency', { ms })),
    reset: async () => void (await control(controlUrl, 'POST', '/reset')),
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
