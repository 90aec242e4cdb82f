// Both gateways in a process of their own: node scripts/gateways/gateway-process.mjs [--log FILE] [--fsync] [--events ipc|stdout] [--keep N]
//   [--fcm-port N] [--smtp-port N] [--control-port N] [--max-streams N] [--latency MS]
// Prints one JSON line with the URLs when ready. Ends with its parent: on a lost IPC channel, or on the end of a piped stdin.
import { fstatSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { createFcmGateway } from './fcm-gateway.mjs';
import { Journal } from './journal.mjs';
import { Rules } from './rules.mjs';
import { createSmtpGateway } from './smtp-gateway.mjs';

const HOST = '127.0.0.1';
const { values: options } = parseArgs({
  options: {
    log: { type: 'string' },
    fsync: { type: 'boolean', default: false },
    events: { type: 'string' },
    keep: { type: 'string', default: '20000' },
    'fcm-port': { type: 'string', default: '0' },
    'smtp-port': { type: 'string', default: '0' },
    'control-port': { type: 'string', default: '0' },
    'max-streams': { type: 'string', default: '100' },
    latency: { type: 'string', default: '0' },
  },
});

const rules = new Rules();
rules.latencyMs = Number(options.latency);
const journal = new Journal(options.log, options.fsync);
const keep = Number(options.keep);
let received = [];
let events = [];

function sendEvents() {
  const batch = events;
  events = [];
  if (options.events === 'ipc') process.send?.({ type: 'received', messages: batch });
  else process.stdout.write(batch.map((message) => JSON.stringify({ type: 'received', ...message }) + '\n').join(''));
}

function onMessage(message) {
  const stamped = { ...message, at: new Date().toISOString() };
  received.push(stamped);
  // Cut in halves, not one by one: shifting a long array for each message would be quadratic.
  if (received.length > 2 * keep) received = received.slice(-keep);
  if (!options.events) return;
  if (events.length === 0) setImmediate(sendEvents);
  events.push(stamped);
}

const fcm = createFcmGateway({ rules, journal, onMessage, maxStreams: Number(options['max-streams']) });
const smtp = createSmtpGateway({ rules, journal, onMessage });

function counts() {
  const addresses = Object.fromEntries(journal.counts);
  return { totals: journal.totals, addresses, fcm: fcm.stats, smtp: smtp.stats };
}

const routes = {
  'GET /counts': () => counts(),
  'GET /totals': () => ({ totals: journal.totals, fcm: fcm.stats, smtp: smtp.stats }),
  'GET /received': () => ({ messages: received.slice(-keep) }),
  'POST /behave': (rule) => (rules.add(rule), { ok: true }),
  'POST /latency': ({ ms }) => ((rules.latencyMs = ms), { ok: true }),
  'POST /reset': () => {
    rules.clear();
    journal.reset();
    received = [];
    return { ok: true };
  },
};

function respond(route, text) {
  if (!route) return [404, { error: 'no such route' }];
  try {
    return [200, route(text ? JSON.parse(text) : {})];
  } catch (error) {
    return [400, { error: String(error) }];
  }
}

const control = createServer((request, response) => {
  const route = routes[`${request.method} ${request.url}`];
  let text = '';
  request.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    const [status, answer] = respond(route, text);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
});

function stop() {
  fcm.close();
  smtp.close();
  control.close();
  control.closeAllConnections();
  journal.close();
  process.exit(0);
}

function endWithParent() {
  if (process.channel) return void process.on('disconnect', stop);
  const stdin = fstatSync(0);
  // A terminal or /dev/null says nothing about the parent.
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.on('end', stop).on('error', stop).resume();
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.stdout.on('error', stop);
endWithParent();

const fcmPort = await fcm.listen(Number(options['fcm-port']), HOST);
const smtpPort = await smtp.listen(Number(options['smtp-port']), HOST);
const controlPort = await new Promise((resolve) => control.listen(Number(options['control-port']), HOST, () => resolve(control.address().port)));
const ready = {
  type: 'ready',
  pid: process.pid,
  fcmUrl: `http://${HOST}:${fcmPort}`,
  smtpUrl: `smtp://${HOST}:${smtpPort}`,
  controlUrl: `http://${HOST}:${controlPort}`,
};
process.stdout.write(JSON.stringify(ready) + '\n');
