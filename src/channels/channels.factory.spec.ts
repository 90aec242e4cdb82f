import { createSenders } from './channels.factory.js';
import type { ChannelSettings } from './channels.factory.js';

const clock = { now: () => new Date(0), monotonic: () => 0, forSql: () => null };
const create = (fcm: ChannelSettings['fcm'], smtp: ChannelSettings['smtp'] = {}) => createSenders({ fcm, smtp, clock, log: { warn: () => undefined } });

describe('settings decide the channel', () => {
  test('an http endpoint needs neither project nor service account', async () => {
    const senders = create({ endpoint: 'http://127.0.0.1:9' });
    expect(senders.modes).toEqual({ push: 'fcm', email: 'sandbox' });
    await senders.push.close();
  });
  test('an SMTP server needs a sender', async () => {
    expect(() => create({}, { url: 'smtp://127.0.0.1:9' })).toThrow('MAIL_FROM');
    const senders = create({}, { url: 'smtp://127.0.0.1:9', from: 'a@b.c' });
    expect(senders.modes.email).toBe('smtp');
    await senders.email.close();
  });
  test.each([['ftp://x', /FCM_ENDPOINT/], ['nonsense', /FCM_ENDPOINT/], ['http://x/path', /FCM_ENDPOINT/], ['https://x', /FCM_PROJECT_ID/]])('endpoint %s is refused with the name of the setting', (endpoint, expected) =>
    expect(() => create({ endpoint })).toThrow(expected),
  );
  test('a service account file that is not there is an error at start, not at the first send', () => {
    expect(() => create({ projectId: 'p', credentialsFile: '/nonexistent/key.json' })).toThrow(/nonexistent/);
  });
});
