import { Agent, createServer } from 'node:https';
import type { Server } from 'node:https';
import { connect } from 'node:tls';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import type { App } from 'firebase-admin/app';
import { getMessaging } from 'firebase-admin/messaging';
import type { AndroidConfig, ApnsConfig, Message, WebpushConfig } from 'firebase-admin/messaging';
import { fcmBody } from '../../src/channels/index.js';
import type { OutgoingPush, PushPlatform, RenderedPush } from '../../src/channels/index.js';
import { throwAwayCertificate } from '../support/throw-away-certificate.js';

/** The SDK's host is fixed; by its official options (an agent, the HTTP/1.1 transport) its connections end here instead. */
interface StandIn {
  app: App;
  bodies: unknown[];
  close(): Promise<void>;
}

async function startServer(pair: { key: string; cert: string }, bodies: unknown[]): Promise<Server> {
  const server = createServer(pair, (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      bodies.push(JSON.parse(text));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"name":"projects/p1/messages/1"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function startStandIn(): Promise<StandIn> {
  const pair = throwAwayCertificate('fcm.googleapis.com');
  const bodies: unknown[] = [];
  const server = await startServer(pair, bodies);
  const { port } = server.address() as { port: number };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = () => connect({ host: '127.0.0.1', port, servername: 'fcm.googleapis.com', ca: pair.cert });
  const credential = { getAccessToken: () => Promise.resolve({ access_token: 'standin', expires_in: 3600 }) };
  const app = initializeApp({ credential, projectId: 'p1', httpAgent: agent }, 'fcm-body-contract');
  return {
    app,
    bodies,
    close: async () => {
      await deleteApp(app);
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const NOW = new Date('2026-03-01T10:00:00.400Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ID = 'm_01-AbC';
/** The parts of the SDK's own message model that are ours in every message. */
const data = { messageId: ID, campaignId: 'c1' };
const notification = { title: 'Hi', body: 'There' };
const expiry = (ms: number): string => String(Math.floor(NOW.getTime() / 1000) + ms / 1000);
const droid = (more: AndroidConfig = {}, ttl = HOUR): AndroidConfig => ({ ...more, ttl, collapseKey: ID, notification: { ...more.notification, tag: ID } });
const apple = (more: Partial<ApnsConfig> = {}, aps: object = {}, ttl = HOUR): ApnsConfig => ({
  ...more,
  headers: { ...more.headers, 'apns-collapse-id': ID, 'apns-expiration': expiry(ttl) },
  payload: { ...more.payload, aps: { ...aps, mutableContent: true } },
});
const web = (more: WebpushConfig = {}, ttl = HOUR): WebpushConfig => ({
  ...more,
  headers: { ...more.headers, TTL: String(ttl / 1000), Topic: ID },
  notification: { ...more.notification, tag: ID },
});

interface Case {
  name: string;
  platform: PushPlatform;
  content: RenderedPush;
  ttl?: number;
  messageId?: string;
  /** The same message, written in the SDK's own model. */
  sdk: Omit<Message & { token: string }, 'token'>;
}

const CASES: Case[] = [
  { name: 'plain, Android', platform: 'android', content: notification, sdk: { data, notification, android: droid() } },
  { name: 'plain, iOS', platform: 'ios', content: notification, sdk: { data, notification, apns: apple() } },
  { name: 'plain, web', platform: 'web', content: notification, sdk: { data, notification, webpush: web() } },
  {
    name: 'image, link and data of the template, Android',
    platform: 'android',
    content: { ...notification, imageUrl: 'https://cdn.example/a.png', deepLink: 'shop://sale', data: { k: 'v', messageId: 'not theirs' } },
    sdk: { data: { k: 'v', ...data, deepLink: 'shop://sale' }, notification: { ...notification, imageUrl: 'https://cdn.example/a.png' }, android: droid() },
  },
  {
    name: 'https link is the click target on the web',
    platform: 'web',
    content: { ...notification, deepLink: 'https://shop.example/sale?a=1&b=2' },
    sdk: { data: { ...data, deepLink: 'https://shop.example/sale?a=1&b=2' }, notification, webpush: web({ fcmOptions: { link: 'https://shop.example/sale?a=1&b=2' } }) },
  },
  {
    name: 'an app link is no click target on the web',
    platform: 'web',
    content: { ...notification, deepLink: 'shop://sale' },
    sdk: { data: { ...data, deepLink: 'shop://sale' }, notification, webpush: web() },
  },
  {
    name: 'Android options: channel, sound, priority, lights, count',
    platform: 'android',
    content: {
      ...notification,
      android: {
        priority: 'high',
        restricted_package_name: 'com.shop',
        fcm_options: { analytics_label: 'spring' },
        notification: {
          channel_id: 'promo',
          sound: 'ding',
          color: '#aabbcc',
          notification_priority: 'PRIORITY_MAX',
          visibility: 'SECRET',
          notification_count: 3,
          vibrate_timings: ['0.500000000s', '1s'],
          event_time: '2026-03-01T09:00:00.000Z',
        },
      },
    },
    sdk: {
      data,
      notification,
      android: droid({
        priority: 'high',
        restrictedPackageName: 'com.shop',
        fcmOptions: { analyticsLabel: 'spring' },
        notification: {
          channelId: 'promo',
          sound: 'ding',
          color: '#aabbcc',
          priority: 'max',
          visibility: 'secret',
          notificationCount: 3,
          vibrateTimingsMillis: [500, 1000],
          eventTimestamp: new Date('2026-03-01T09:00:00Z'),
        },
      }),
    },
  },
  {
    name: 'the same options under their camel-case names, and TTL, collapse key and tag stay ours',
    platform: 'android',
    content: {
      ...notification,
      android: { collapseKey: 'theirs', ttl: '999s', directBootOk: true, notification: { channelId: 'promo', clickAction: 'OPEN', tag: 'theirs' } },
    },
    sdk: { data, notification, android: droid({ directBootOk: true, notification: { channelId: 'promo', clickAction: 'OPEN' } }) },
  },
  {
    name: 'data of the Android block keeps what the app reports with',
    platform: 'android',
    content: { ...notification, data: { a: '1' }, android: { data: { b: '2' } } },
    sdk: { data: { a: '1', ...data }, notification, android: droid({ data: { b: '2', ...data } }) },
  },
  {
    name: 'iOS options: sound, badge, category, thread, subtitle, and ours where they are ours',
    platform: 'ios',
    content: {
      ...notification,
      apns: {
        headers: { 'APNS-Priority': '5', 'apns-expiration': '1', 'Apns-Collapse-Id': 'theirs' },
        payload: {
          aps: { alert: { title: 'T', subtitle: 'S', 'loc-key': 'K', 'loc-args': ['x'] }, sound: 'ding', badge: 2, category: 'SALE', 'thread-id': 't', 'mutable-content': 0 },
          custom: { nested: [1, 2] },
        },
        fcm_options: { analytics_label: 'spring', image: 'https://cdn.example/a.png' },
      },
    },
    sdk: {
      data,
      notification,
      apns: apple(
        {
          headers: { 'apns-priority': '5' },
          payload: { custom: { nested: [1, 2] } } as unknown as NonNullable<ApnsConfig['payload']>,
          fcmOptions: { analyticsLabel: 'spring', imageUrl: 'https://cdn.example/a.png' },
        },
        { alert: { title: 'T', subtitle: 'S', locKey: 'K', locArgs: ['x'] }, sound: 'ding', badge: 2, category: 'SALE', threadId: 't' },
      ),
    },
  },
  {
    name: 'web options: icon, actions, urgency, and TTL stays ours whatever its spelling',
    platform: 'web',
    content: {
      ...notification,
      deepLink: 'https://shop.example/',
      webpush: {
        headers: { Urgency: 'high', ttl: '5', topic: 'theirs' },
        notification: { icon: '/i.png', actions: [{ action: 'buy', title: 'Buy' }], requireInteraction: true, tag: 'theirs' },
        fcm_options: { link: 'https://shop.example/other' },
      },
    },
    sdk: {
      data: { ...data, deepLink: 'https://shop.example/' },
      notification,
      webpush: web({
        headers: { Urgency: 'high' },
        notification: { icon: '/i.png', actions: [{ action: 'buy', title: 'Buy' }], requireInteraction: true },
        fcmOptions: { link: 'https://shop.example/other' },
      }),
    },
  },
  {
    name: 'data only, Android: no notification anywhere, high priority',
    platform: 'android',
    content: { ...notification, dataOnly: true, data: { a: '1' }, android: { notification: { sound: 'ding' } } },
    sdk: { data: { a: '1', ...data }, android: { priority: 'high', ttl: HOUR, collapseKey: ID } },
  },
  {
    name: 'data only, iOS: a background push',
    platform: 'ios',
    content: { dataOnly: true, data: { a: '1' }, apns: { headers: { 'apns-priority': '10' }, payload: { aps: { alert: 'x', sound: 'ding', badge: 1 } } } },
    sdk: {
      data: { a: '1', ...data },
      apns: {
        headers: { 'apns-push-type': 'background', 'apns-priority': '5', 'apns-collapse-id': ID, 'apns-expiration': expiry(HOUR) },
        payload: { aps: { contentAvailable: true } },
      },
    },
  },
  {
    name: 'data only, web',
    platform: 'web',
    content: { dataOnly: true, deepLink: 'https://shop.example/', webpush: { notification: { icon: '/i.png' } } },
    sdk: { data: { ...data, deepLink: 'https://shop.example/' }, webpush: { headers: { TTL: '3600', Topic: ID } } },
  },
  { name: 'TTL ends at four weeks', platform: 'android', ttl: 60 * DAY, content: notification, sdk: { data, notification, android: droid({}, 28 * DAY) } },
  { name: 'TTL of an expired message is zero', platform: 'android', ttl: -5000, content: notification, sdk: { data, notification, android: droid({}, 0) } },
  {
    name: 'text beyond ASCII',
    platform: 'android',
    content: { title: 'Grüße 🎉', body: '"quoted" \\ \u2028 日本' },
    sdk: { data, notification: { title: 'Grüße 🎉', body: '"quoted" \\ \u2028 日本' }, android: droid() },
  },
];

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn.close());

test.each(CASES)('our body is the one the SDK sends: $name', async ({ content, platform, sdk, ttl = HOUR }) => {
  const push: OutgoingPush = { messageId: ID, campaignId: 'c1', token: 'token:1', platform, content, expiresAt: new Date(NOW.getTime() + ttl) };
  const messaging = getMessaging(standIn.app);
  messaging.enableLegacyHttpTransport();
  standIn.bodies.length = 0;
  const answer = await messaging.sendEach([{ ...sdk, token: 'token:1' } as Message]);
  expect(answer.responses[0]).toMatchObject({ success: true });
  expect(standIn.bodies).toHaveLength(1);
  // Through JSON, as on the wire: there, an undefined field is no field.
  expect(JSON.parse(JSON.stringify(fcmBody(push, NOW)))).toEqual(standIn.bodies[0]);
});
