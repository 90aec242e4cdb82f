import type { SendResult } from '../../src/channels/index.js';
import { SENDERS, type Senders } from '../../src/delivery/senders.js';
import { Addresses } from '../../src/recipients/index.js';
import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const BUSY: SendResult = { kind: 'refused', code: '450 4.2.1', permanent: false, addressGone: false, class: 'address' };
const FULL: SendResult = { kind: 'refused', code: '552 5.2.2', permanent: true, addressGone: false, class: 'address' };
const SPAM: SendResult = { kind: 'refused', code: '554 5.7.1', permanent: true, addressGone: false, class: 'config' };

describe('a mailbox that the mail server will not deliver to', () => {
  let t: TestApp;
  let tries: number;
  beforeEach(async () => {
    t = await startTestApp();
    await prepareCatalogue(t);
    await t.http.post('/v1/templates').set(auth(t.keys.marketer))
      .send({ key: 'mail', channel: 'email', defaultLocale: 'en', content: { en: { subject: 'News', html: '<p>News</p>' } } }).expect(201);
    await t.http.post('/v1/users/batch').set(auth(t.keys.ingest)).send({ users: [{ userId: 'ada', email: 'ada@example.com' }] }).expect(200);
    await t.http.put('/v1/users/ada/subscriptions').set(auth(t.keys.ingest)).send({ channel: 'email', state: 'subscribed' }).expect(200);
  });
  afterEach(() => t?.close());

  /** Sends a mail that is answered so each time it is tried, until it has come to its end. */
  async function mail(answer: SendResult): Promise<void> {
    tries = 0;
    t.app.get<Senders>(SENDERS).email.send = async () => {
      tries++;
      return answer;
    };
    const campaign = await createCampaign(t, { channel: 'email', template: 'mail', ignoreCaps: true });
    await launch(t, campaign);
    await t.loop('planner');
    for (let i = 0; i < 3; i++) {
      await t.loop('sender');
      t.clock.advance({ minutes: 10 });
    }
    expect(await t.db.raw('select state from deliveries where campaign_id = $1', [campaign])).toEqual([{ state: 'failed' }]);
  }

  const bounces = async (): Promise<number> => (await t.db.raw('select from soft_bounces where address_hash = $1', [t.app.get(Addresses).hash('ada@example.com')])).length;
  const suppressed = (): Promise<unknown[]> => t.db.raw('select email, reason from suppressions');

  it('has bounced once when the last try is refused, not at each try', async () => {
    await mail(BUSY);
    expect(tries).toBe(3);
    expect(await bounces()).toBe(1);
  });

  it('is suppressed at the third bounce in 72 hours', async () => {
    for (let day = 0; day < 3; day++) {
      expect(await suppressed()).toEqual([]);
      await mail(FULL);
      t.clock.advance({ hours: 36 });
    }
    expect(await suppressed()).toEqual([{ email: 'ada@example.com', reason: 'soft_bounces' }]);
  });

  it('has not bounced where the refusal is about us', async () => {
    await mail(SPAM);
    expect(await bounces()).toBe(0);
  });
});
