import { FeedbackModule, Links } from '../../src/feedback/index.js';
import { MessageIds, type MessageRef } from '../../src/planning/index.js';
import { Addresses } from '../../src/recipients/index.js';
import { LedgerFactory } from '../factories/ledger.js';
import { MessageIdsModule } from '../support/message-ids.module.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const BASE = 'https://mail.rapport.test';
const ONE_CLICK = 'List-Unsubscribe=One-Click';
const FORM = 'application/x-www-form-urlencoded';
let t: TestApp;
let ledger: LedgerFactory;
let n = 0;

beforeAll(async () => {
  t = await startTestApp({ modules: [FeedbackModule, MessageIdsModule], env: { PUBLIC_URL: BASE } });
  ledger = new LedgerFactory(t.db);
});
afterAll(() => t.close());

async function mail(topic: string | undefined = undefined, locale = 'en'): Promise<{ ref: MessageRef; unsubscribe: string; preferences: string }> {
  const ref = await ledger.delivery(await ledger.campaign({ channel: 'email', ...(topic ? { topic } : {}) }), await ledger.user(`s${n++}`, { locale }));
  const { unsubscribe, preferences } = t.app.get(Links).forMessage(ref);
  return { ref, unsubscribe: unsubscribe.slice(BASE.length), preferences: preferences.slice(BASE.length) };
}
const wishes = (ref: MessageRef) => t.db.raw('select channel, topic, state from subscriptions where user_id = $1 order by channel, topic', [ref.userId]);
const log = (ref: MessageRef) => t.db.raw<{ source: string; message_id: string }>('select source, message_id from subscription_log where user_id = $1', [ref.userId]);

describe('unsubscribing', () => {
  it('1,000 GET and HEAD requests of scanners change nothing, one POST does, a hundred more do nothing else', async () => {
    const { ref, unsubscribe } = await mail('promo');
    for (let i = 0; i < 1_000; i++) await (i % 2 ? t.http.get(unsubscribe) : t.http.head(unsubscribe)).expect(200);
    expect(await wishes(ref)).toEqual([]);
    expect(await ledger.facts(ref)).toBeUndefined();
    await t.http.post(unsubscribe).type(FORM).send(ONE_CLICK).expect(200).expect('content-type', /html/);
    for (let i = 0; i < 100; i++) await t.http.post(unsubscribe).type(FORM).send(ONE_CLICK).expect(200);
    expect(await wishes(ref)).toEqual([{ channel: 'email', topic: 'promo', state: 'unsubscribed' }]);
    expect(await log(ref)).toEqual([{ source: 'unsubscribe-link', message_id: t.app.get(MessageIds).encode(ref) }]);
    expect(await ledger.facts(ref)).toMatchObject({ unsubscribed: t.clock.now() });
  }, 120_000);

  it('of many at once, some of them twice, each is done and answered for itself', async () => {
    const mails = [];
    for (let i = 0; i < 20; i++) mails.push(await mail(i % 2 ? 'promo' : undefined));
    const answers = await Promise.all([...mails, ...mails].map(({ unsubscribe }) => t.http.post(unsubscribe).type(FORM).send(ONE_CLICK).expect(200)));
    expect(answers.map(({ text }) => text.includes('promo'))).toEqual([...mails, ...mails].map((_, i) => i % 2 === 1));
    for (const [i, { ref }] of mails.entries()) {
      expect(await wishes(ref)).toEqual([{ channel: 'email', topic: i % 2 ? 'promo' : '', state: 'unsubscribed' }]);
      expect(await log(ref)).toEqual([{ source: 'unsubscribe-link', message_id: t.app.get(MessageIds).encode(ref) }]);
      expect(await ledger.facts(ref)).toMatchObject({ unsubscribed: t.clock.now() });
    }
  });

  it('takes the whole channel where the campaign has no topic', async () => {
    const { ref, unsubscribe } = await mail();
    await t.http.post(unsubscribe).type(FORM).send(ONE_CLICK).expect(200);
    expect(await wishes(ref)).toEqual([{ channel: 'email', topic: '', state: 'unsubscribed' }]);
  });

  it('takes the multipart form of RFC 8058, the page’s own form, and an empty body', async () => {
    for (const send of [
      (url: string) => t.http.post(url).field('List-Unsubscribe', 'One-Click'),
      (url: string) => t.http.post(url).type(FORM).send(ONE_CLICK),
      (url: string) => t.http.post(url),
    ]) {
      const { ref, unsubscribe } = await mail('promo');
      await send(unsubscribe).expect(200);
      expect(await wishes(ref)).toHaveLength(1);
    }
  });

  it('shows a page that runs nothing, in the person’s language, with the topic’s name, escaped', async () => {
    await ledger.topic('angebote', { en: 'Offers', de: 'Angebote <b>&</b> mehr' });
    const { unsubscribe } = await mail('angebote', 'de-AT');
    await ledger.topic('angebote', { en: 'Offers', de: 'Angebote <b>&</b> mehr' });
    const { text, headers } = await t.http.get(unsubscribe).set('Accept-Language', 'fr').expect(200);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(text).toContain('<html lang="de-AT">');
    expect(text).toContain('Angebote &#60;b&#62;&#38;&#60;/b&#62; mehr');
    expect(text).toContain('<form method="post">');
    expect(text).not.toMatch(/<script|style="|https?:\/\/(?!mail\.rapport\.test)/);
  });

  it('answers a token that is not ours with a page to browsers and a problem to programs', async () => {
    for (const url of ['/u/x', '/preferences/x', `/u/${'A'.repeat(44)}`]) {
      await t.http.get(url).set('Accept', 'text/html,*/*').expect(404).expect('content-type', /html/);
      await t.http.get(url).set('Accept', 'application/json').expect(404).expect('content-type', /problem\+json/);
    }
    await t.http.post('/u/x').type(FORM).send(ONE_CLICK).expect(404);
  });

  it('works when the message’s row is long gone, and says done when the person is', async () => {
    const old = await mail('promo');
    await t.db.raw('delete from deliveries where id = $1', [old.ref.id]);
    await t.http.post(old.unsubscribe).type(FORM).send(ONE_CLICK).expect(200);
    expect(await wishes(old.ref)).toEqual([{ channel: 'email', topic: '', state: 'unsubscribed' }]);
    const erased = await mail('promo');
    await t.db.raw('delete from users where id = $1', [erased.ref.userId]);
    await t.http.post(erased.unsubscribe).type(FORM).send(ONE_CLICK).expect(200);
    await t.http.get(erased.preferences).expect(404);
  });
});

describe('the preference page', () => {
  beforeAll(async () => {
    await ledger.topic('news', { en: 'News', de: 'Neuigkeiten' });
    await ledger.topic('promo', { en: 'Offers', de: 'Angebote' });
    await ledger.topic('internal', { en: 'Internal' }, false);
  });
  const fields = (page: string): { shown: string; ticked: string[] } => ({
    shown: /name="shown" value="([^"]*)"/.exec(page)![1]!,
    ticked: [...page.matchAll(/name="([^"]+)" value="on" checked/g)].map((m) => m[1]!),
  });

  it('lists channels and listed topics in the person’s language, and saves both ways without scripts', async () => {
    const { ref, preferences } = await mail('promo', 'de');
    const { text } = await t.http.get(preferences).expect(200);
    expect(text).toContain('Neuigkeiten');
    expect(text).not.toContain('Internal');
    const { shown, ticked } = fields(text);
    expect(ticked).toEqual(expect.arrayContaining(['email', 'email.news', 'email.promo', 'push']));
    const rest = ticked.filter((field) => field !== 'email.promo');
    const saved = await t.http.post(preferences).type(FORM).send({ shown, ...Object.fromEntries(rest.map((f) => [f, 'on'])) }).expect(200);
    expect(saved.text).toContain('role="status"');
    expect(fields(saved.text).ticked).toEqual(rest);
    expect(await wishes(ref)).toEqual([{ channel: 'email', topic: 'promo', state: 'unsubscribed' }]);
    expect(await ledger.facts(ref)).toMatchObject({ unsubscribed: t.clock.now() });
    t.clock.advance({ seconds: 5 });
    await t.http.post(preferences).type(FORM).send({ shown, ...Object.fromEntries(ticked.map((f) => [f, 'on'])) }).expect(200);
    expect(await wishes(ref)).toEqual([{ channel: 'email', topic: 'promo', state: 'subscribed' }]);
  });

  it('saving what it showed writes nothing down, and a body that is not its form is refused', async () => {
    const { ref, preferences } = await mail('promo');
    const { shown, ticked } = fields((await t.http.get(preferences)).text);
    await t.http.post(preferences).type(FORM).send({ shown, ...Object.fromEntries(ticked.map((f) => [f, 'on'])) }).expect(200);
    await t.http.post(preferences).type(FORM).send(ONE_CLICK).expect(400);
    await t.http.post(preferences).expect(400);
    expect(await log(ref)).toEqual([]);
  });
});

describe('opt-outs that name no message', () => {
  const put = (userId: string, of: object) =>
    t.http.put(`/v1/users/${userId}/subscriptions`).set(auth(t.keys.ingest)).send({ channel: 'push', state: 'unsubscribed', ...of }).expect(200);

  it('are credited to the last message on that channel within 7 days, once, else to none', async () => {
    const user = await ledger.user('linkless');
    const older = await ledger.delivery(await ledger.campaign(), user, { at: '2026-02-27T12:00:00Z' });
    const last = await ledger.delivery(await ledger.campaign(), user, { at: '2026-02-28T12:00:00Z' });
    const mailed = await ledger.delivery(await ledger.campaign({ channel: 'email' }), user, { at: '2026-03-01T12:00:00Z' });
    await put('linkless', { occurredAt: '2026-03-02T10:00:00Z' });
    await t.loop('opt-outs');
    expect(await ledger.facts(last)).toMatchObject({ unsubscribed: new Date('2026-03-02T10:00:00Z') });
    for (const ref of [older, mailed]) expect(await ledger.facts(ref)).toBeUndefined();
    // Told again after another message: the person was out already.
    const later = await ledger.delivery(await ledger.campaign(), user, { at: '2026-03-02T11:00:00Z' });
    await put('linkless', { occurredAt: '2026-03-02T11:30:00Z' });
    await t.loop('opt-outs');
    expect(await ledger.facts(later)).toBeUndefined();
  });

  it('told in the wrong order are credited as if they had been told in time: what late news disproves is withdrawn', async () => {
    const user = await ledger.user('late');
    const [first, second] = [
      await ledger.delivery(await ledger.campaign(), user, { at: '2026-03-01T12:00:00Z' }),
      await ledger.delivery(await ledger.campaign(), user, { at: '2026-03-02T08:00:00Z' })];
    const left = async (ref: MessageRef) => (await ledger.facts(ref))?.unsubscribed ?? null;
    const wish = async (state: string, occurredAt: string): Promise<(Date | null)[]> => {
      await put('late', { state, occurredAt });
      await t.loop('opt-outs');
      return [await left(first), await left(second)];
    };
    expect(await wish('unsubscribed', '2026-03-02T10:00:00Z')).toEqual([null, new Date('2026-03-02T10:00:00Z')]);
    // They had been out since the day before.
    expect(await wish('unsubscribed', '2026-03-01T20:00:00Z')).toEqual([new Date('2026-03-01T20:00:00Z'), null]);
    // And had come back in between.
    expect(await wish('subscribed', '2026-03-02T07:00:00Z')).toEqual([new Date('2026-03-01T20:00:00Z'), new Date('2026-03-02T10:00:00Z')]);
    expect(await t.db.raw(`select from message_events where user_id = $1 and type = 'unsubscribed'`, [user])).toHaveLength(2);
  });

  it('move to a message in doubt once it is known to have left', async () => {
    const user = await ledger.user('doubtful');
    const sure = await ledger.delivery(await ledger.campaign(), user, { at: '2026-03-01T12:00:00Z' });
    const doubtful = await ledger.delivery(await ledger.campaign(), user, { at: '2026-03-02T08:00:00Z', state: 'unknown' });
    await put('doubtful', { occurredAt: '2026-03-02T10:00:00Z' });
    await t.loop('opt-outs');
    expect(await ledger.facts(sure)).toMatchObject({ unsubscribed: new Date('2026-03-02T10:00:00Z') });
    await t.http.post(`/v1/messages/${t.app.get(MessageIds).encode(doubtful)}/events`).set(auth(t.keys.app)).send({ type: 'opened', occurredAt: '2026-03-02T09:00:00Z' }).expect(200);
    expect(await ledger.facts(doubtful)).toMatchObject({ unsubscribed: new Date('2026-03-02T10:00:00Z') });
    expect(await ledger.facts(sure)).toMatchObject({ unsubscribed: null });
  });

  it('a message of eight days ago, or one that was never sent, is not blamed', async () => {
    const user = await ledger.user('patient');
    const old = await ledger.delivery(await ledger.campaign(), user, { at: '2026-02-22T09:00:00Z' });
    const stopped = await ledger.delivery(await ledger.campaign(), user, { state: 'suppressed' });
    await put('patient', { occurredAt: '2026-03-02T10:00:00Z' });
    await t.loop('opt-outs');
    for (const ref of [old, stopped]) expect(await ledger.facts(ref)).toBeUndefined();
  });
});

describe('opt-outs that name their message', () => {
  it('told by an app are credited to it, somebody else’s message and nonsense are not', async () => {
    const ids = t.app.get(MessageIds);
    const [own, other] = [await mail(), await mail()];
    const put = (userId: string, messageId: string) =>
      t.http.put(`/v1/users/${userId}/subscriptions`).set(auth(t.keys.ingest)).send({ channel: 'push', state: 'unsubscribed', messageId }).expect(200);
    const [{ name }] = (await t.db.raw<{ name: string }>('select user_id as name from users where id = $1', [own.ref.userId])) as [{ name: string }];
    await put(name, ids.encode(other.ref));
    await put(name, 'nonsense');
    await t.loop('opt-outs');
    expect(await ledger.facts(own.ref)).toBeUndefined();
    expect(await ledger.facts(other.ref)).toBeUndefined();
    t.clock.advance({ seconds: 1 });
    await put(name, ids.encode(own.ref));
    await t.loop('opt-outs');
    await t.loop('opt-outs');
    expect(await ledger.facts(own.ref)).toMatchObject({ unsubscribed: t.clock.now() });
  });
});

describe('what mail servers report', () => {
  const post = (events: unknown[]) => t.http.post('/v1/providers/email/events').set(auth(t.keys.ingest)).send({ events });
  const suppressed = (email: string) => t.db.raw('select email, reason from suppressions where address_hash = $1', [t.app.get(Addresses).hash(email)]);
  async function addressed(email: string): Promise<{ ref: MessageRef; messageId: string }> {
    const user = await ledger.user(`s${n++}`, { email, emailHash: t.app.get(Addresses).hash(email) });
    const ref = await ledger.delivery(await ledger.campaign({ channel: 'email', topic: 'promo' }), user);
    return { ref, messageId: t.app.get(MessageIds).encode(ref) };
  }
  const at = '2026-03-01T12:05:00Z';

  it('a hard bounce silences the address, a soft one is counted only', async () => {
    const hard = await addressed('hard@example.com');
    const soft = await addressed('soft@example.com');
    const events = [{ messageId: hard.messageId, type: 'bounce', hard: true, occurredAt: at }, { messageId: soft.messageId, type: 'bounce', occurredAt: at }];
    for (let i = 0; i < 3; i++) expect((await post(events).expect(200)).body).toEqual({ accepted: 2, rejected: [] });
    expect(await suppressed('hard@example.com')).toEqual([{ email: 'hard@example.com', reason: 'hard_bounce' }]);
    expect(await suppressed('soft@example.com')).toEqual([]);
    expect(await ledger.facts(hard.ref)).toMatchObject({ bounced: new Date(at), delivered: null });
    expect(await ledger.facts(soft.ref)).toBeUndefined();
  });

  it.each([
    ['two in four days', ['02-25', '03-01'], false],
    ['three in two days', ['02-28', '02-28', '03-01'], false],
    ['three in four days', ['02-25', '02-27', '03-01'], true],
    ['four in a day', ['03-01', '03-01', '03-01', '03-01'], false],
    ['five in a day', ['03-01', '03-01', '03-01', '03-01', '03-01'], true],
    ['four, the oldest two over a month ago', ['01-20', '01-25', '02-25', '03-01'], false],
  ])('soft bounces: %s', async (_, days, silenced) => {
    const email = `soft${n}@example.com`;
    const user = await ledger.user(`s${n++}`, { email, emailHash: t.app.get(Addresses).hash(email) });
    for (const day of days) {
      const sentAt = `2026-${day}T12:00:00Z`;
      const ref = await ledger.delivery(await ledger.campaign({ channel: 'email', runAt: sentAt }), user, { at: sentAt });
      const bounce = { messageId: t.app.get(MessageIds).encode(ref), type: 'bounce', occurredAt: `2026-${day}T12:05:00Z` };
      for (let i = 0; i < 2; i++) await post([bounce]).expect(200);
    }
    expect(await suppressed(email)).toEqual(silenced ? [{ email, reason: 'soft_bounces' }] : []);
  });

  it('soft bounces before a mail that arrived are forgotten', async () => {
    const email = 'back@example.com';
    const user = await ledger.user('back', { email, emailHash: t.app.get(Addresses).hash(email) });
    for (const [day, type] of [['02-20', 'bounce'], ['02-22', 'bounce'], ['02-24', 'delivered'], ['03-01', 'bounce']]) {
      const sentAt = `2026-${day}T12:00:00Z`;
      const ref = await ledger.delivery(await ledger.campaign({ channel: 'email', runAt: sentAt }), user, { at: sentAt });
      await post([{ messageId: t.app.get(MessageIds).encode(ref), type, occurredAt: `2026-${day}T12:05:00Z` }]).expect(200);
    }
    expect(await suppressed(email)).toEqual([]);
  });

  it('soft bounces are counted by address: people who share it add up, and a new address has no past', async () => {
    const bounced = async (user: string, day: string): Promise<void> => {
      const sentAt = `2026-${day}T12:00:00Z`;
      const ref = await ledger.delivery(await ledger.campaign({ channel: 'email', runAt: sentAt }), user, { at: sentAt });
      await post([{ messageId: t.app.get(MessageIds).encode(ref), type: 'bounce', occurredAt: `2026-${day}T12:05:00Z` }]).expect(200);
    };
    const hash = (email: string): Buffer => t.app.get(Addresses).hash(email);
    const [one, two] = await Promise.all([0, 1].map((i) => ledger.user(`shared${i}`, { email: 'shared@example.com', emailHash: hash('shared@example.com') })));
    for (const [user, day] of [[one!, '02-24'], [two!, '02-26'], [one!, '03-01']] as const) await bounced(user, day);
    expect(await suppressed('shared@example.com')).toEqual([{ email: 'shared@example.com', reason: 'soft_bounces' }]);
    const mover = await ledger.user('mover', { email: 'old@example.com', emailHash: hash('old@example.com') });
    for (const day of ['02-24', '02-26']) await bounced(mover, day);
    await t.db.raw(`update users set email = 'new@example.com', email_hash = $2 where id = $1`, [mover, hash('new@example.com')]);
    await bounced(mover, '03-01');
    expect(await suppressed('new@example.com')).toEqual([]);
    await t.loop('soft-bounces');
    expect(await t.db.raw('select address_hash from soft_bounces where address_hash = $1', [hash('new@example.com')])).toHaveLength(1);
    t.clock.advance({ hours: 24 * 40 });
    await t.loop('soft-bounces');
    expect(await t.db.raw('select 1 from soft_bounces')).toEqual([]);
    t.clock.advance({ hours: -24 * 40 });
  });

  it('a complaint silences the address and ends the channel, and is an opt-out of that message', async () => {
    const { ref, messageId } = await addressed('angry@example.com');
    await post([{ messageId, type: 'complaint', occurredAt: at }]).expect(200);
    expect(await suppressed('angry@example.com')).toEqual([{ email: 'angry@example.com', reason: 'complaint' }]);
    expect(await wishes(ref)).toEqual([{ channel: 'email', topic: '', state: 'unsubscribed' }]);
    expect(await ledger.facts(ref)).toMatchObject({ complained: new Date(at), unsubscribed: new Date(at) });
  });

  it('a bad row loses only itself, a bad envelope is refused', async () => {
    const { ref, messageId } = await addressed('fine@example.com');
    const push = await ledger.delivery(await ledger.campaign(), await ledger.user(`s${n++}`));
    const good = { messageId, type: 'delivered', occurredAt: at };
    const { body } = await post([
      good, 5, { ...good, type: 'opened' }, { ...good, hard: 'yes' }, { ...good, occurredAt: 'now' }, { ...good, messageId: 'x' }, { ...good, extra: 1 },
      { ...good, messageId: t.app.get(MessageIds).encode(push) }, { ...good, messageId: '\u0000' },
    ]).expect(200);
    expect(body.accepted).toBe(1);
    expect(body.rejected.map((r: { index: number; path?: string }) => [r.index, r.path])).toEqual([
      [1, undefined], [2, 'type'], [3, 'hard'], [4, 'occurredAt'], [5, 'messageId'], [6, 'extra'], [7, 'messageId'], [8, 'messageId'],
    ]);
    expect(await ledger.facts(ref)).toMatchObject({ delivered: new Date(at) });
    for (const bad of [{}, { events: 'x' }, { events: [], more: 1 }, { events: Array(1_001).fill(good) }]) {
      await t.http.post('/v1/providers/email/events').set(auth(t.keys.ingest)).send(bad).expect(400);
    }
    await t.http.post('/v1/providers/email/events').set(auth(t.keys.app)).send({ events: [] }).expect(403);
  });
});
