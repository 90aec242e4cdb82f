import { checkTemplate } from './template-compiler.js';
import { checkContent } from './template-content.js';
import type { TemplateChannel } from './template-fields.js';

const check = (channel: TemplateChannel, content: unknown): string[] =>
  checkContent(channel, content, { mailFromDomains: ['shop.example'], checkTemplate }).map(({ path, message }) => `${path}: ${message}`);
const push = (over: object): string[] => check('push', { en: { title: 'a', body: 'b', ...over } });
const mail = (over: object): string[] => check('email', { en: { subject: 'a', html: '<p>b</p>', ...over } });

describe('content', () => {
  it('takes everything that the contract names', () => {
    expect(push({
      imageUrl: 'https://x.example/{{user.attributes.image}}', deepLink: 'shop:item/{{event.properties.sku}}', data: { coupon: '{{user.attributes.coupon}}', n: 5, on: true, list: ['{{user.userId}}'] },
      android: { notification: { channel_id: 'promo', clickAction: 'OPEN' }, ttl: '5s', priority: 'high' }, apns: { headers: { 'apns-priority': '5' }, payload: { aps: { sound: 'ping', badge: 3, category: 'c' } } },
      webpush: { notification: { actions: [{ action: 'a', title: 'Hi {{user.userId}}' }] }, fcm_options: { link: 'https://x.example' } },
    })).toEqual([]);
    expect(mail({ preheader: 'p {{user.email}}', text: 't', fromName: 'Anna', from: 'news@Shop.example', replyTo: 'a@b.example' })).toEqual([]);
    expect(mail({ replyTo: '{{user.attributes.rep}}' })).toEqual([]);
    expect(check('push', { en: { dataOnly: true, data: { a: 'b' } }, 'de-CH': { title: 'a', body: 'b' } })).toEqual([]);
  });

  it('names every mistake with its path', () => {
    expect(check('push', { en: { title: '{{#if a}}', body: 5, colour: 'red' }, 'de-CH': 'x', DE_ch: { title: 'a', body: 'b' }, '??': { title: 'a' } }).map((m) => m.split(':')[0])).toEqual([
      'content.DE_ch', 'content.??', 'content.en.colour', 'content.en.body', 'content.de-CH', 'content.??.body', 'content.en.title',
    ]);
  });

  it.each<[string, object, string]>([
    ['a title over 200', { title: 'x'.repeat(201) }, 'content.en.title: must have at most 200 characters'],
    ['a body over 1,000', { body: 'x'.repeat(1_001) }, 'content.en.body: must have at most 1000 characters'],
    ['no body', { body: undefined }, 'content.en.body: is required'], ['a blank body', { body: ' ' }, 'content.en.body: must not be empty'],
    ['an http image', { imageUrl: 'http://x.example/a.png' }, 'content.en.imageUrl: must not be a http: address'],
    ['a script as deep link', { deepLink: 'javascript:alert(1)' }, 'content.en.deepLink: must not be a javascript: address'],
    ['a relative deep link', { deepLink: '/item' }, 'content.en.deepLink: must be an absolute address with its scheme'],
    ['a key of ours in data', { data: { messageId: 'x' } }, 'content.en.data.messageId: is set on every message and cannot be given'],
    ['a key of FCM in data', { data: { 'google.x': 'x' } }, 'content.en.data.google.x: is reserved by FCM'],
    ['a template in data', { data: { a: { b: ['{{log 1}}'] } } }, 'content.en.data.a.b[0]: there is no helper log'],
    ['null in data', { data: { a: null } }, 'content.en.data.a: must not be null'],
    ['a block that is no object', { android: [] }, "content.en.android: must be an object: FCM's own android block"],
    ['an unknown field of a block', { android: { notification: { chanel_id: 'x' } } }, "content.en.android.notification.chanel_id: is not a field of FCM's android.notification block"],
    ['a number in headers', { apns: { headers: { 'apns-priority': 5 } } }, 'content.en.apns.headers.apns-priority: must be text'],
    ['a template in a block', { apns: { payload: { aps: { alert: { title: '{{{x}}}' } } } } }, 'content.en.apns.payload.aps.alert.title: unescaped output {{{ is not allowed'],
    ['a link of a script', { webpush: { fcm_options: { link: 'java{{x}}' } } }, 'content.en.webpush.fcm_options.link: an address must begin with its scheme'],
    ['a flag that is none', { dataOnly: 'yes' }, 'content.en.dataOnly: must be true or false'],
    ['a field of mail', { subject: 'x' }, 'content.en.subject: is not a field of push content'],
  ])('push refuses %s', (_, over, message) => {
    expect(push(over).join('\n')).toContain(message);
  });

  it.each<[string, object, string]>([
    ['a line break in the subject', { subject: 'a\r\nBcc: b' }, 'content.en.subject: must stand on one line'],
    ['a line break beside a variable', { fromName: '{{user.userId}}\n' }, 'content.en.fromName: must stand on one line'],
    ['a foreign sender', { from: 'a@other.example' }, 'content.en.from: must be an address in one of MAIL_FROM_DOMAINS (shop.example)'],
    ['a sender below a domain', { from: 'a@sub.shop.example' }, 'content.en.from: must be an address'], ['two senders', { from: 'a@shop.example, b@shop.example' }, 'content.en.from: must be a mail address'],
    ['a sender made of variables', { from: '{{user.email}}' }, 'content.en.from: must not have variables'],
    ['a reply address that is none', { replyTo: 'nobody' }, 'content.en.replyTo: must be a mail address'], ['no html', { html: undefined }, 'content.en.html: is required'],
    ['a variable as code', { html: '<script>{{user.userId}}</script>' }, 'content.en.html: a variable inside <script> would be code'],
  ])('mail refuses %s', (_, over, message) => {
    expect(mail(over).join('\n')).toContain(message);
  });
});
