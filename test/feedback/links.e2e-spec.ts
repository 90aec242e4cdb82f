import { FeedbackModule, Links } from '../../src/feedback/index.js';
import type { MessageRef } from '../../src/planning/index.js';
import { LedgerFactory } from '../factories/ledger.js';
import { MessageIdsModule } from '../support/message-ids.module.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { OPEN_REDIRECTS } from './open-redirects.js';

const BASE = 'https://mail.rapport.test';
const BROWSER = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0' };
let t: TestApp;
let ledger: LedgerFactory;
let links: Links;
let n = 0;

beforeAll(async () => {
  t = await startTestApp({ modules: [FeedbackModule, MessageIdsModule], env: { PUBLIC_URL: BASE } });
  ledger = new LedgerFactory(t.db);
  links = t.app.get(Links);
});
afterAll(() => t.close());

const mail = async (): Promise<MessageRef> => ledger.delivery(await ledger.campaign({ channel: 'email' }), await ledger.user(`l${n++}`));
const path = (url: string): string => url.slice(BASE.length);
const clickPaths = (html: string): string[] => [...html.matchAll(/href="([^"]+\/t\/c\/[^"]+)"/g)].map((m) => path(m[1]!));
const events = (ref: MessageRef) =>
  t.db.raw('select type, machine, hits from message_events where user_id = $1 and delivery_id = $2 order by type, machine', [ref.userId, ref.id]);

describe('the links of a mail', () => {
  it('lead to what was stored and nowhere else, and a click counts', async () => {
    const ref = await mail();
    const html = await links.trackHtml('<body><a href="https://shop.example/a?x=1&amp;y=2#z">A</a><a href="mailto:x@y.example">B</a></body>', ref);
    expect(html).toContain('href="mailto:x@y.example"');
    expect(html).not.toContain('shop.example');
    const [click] = clickPaths(html);
    const answer = await t.http.get(`${click!}?url=https://evil.example&next=//evil.example`).set(BROWSER).redirects(0).expect(302);
    expect(answer.headers).toMatchObject({
      location: 'https://shop.example/a?x=1&y=2#z', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer',
    });
    expect(await ledger.facts(ref)).toMatchObject({ clicked: t.clock.now(), opened: null });
  });

  it('store each URL once and leave the links that are ours alone', async () => {
    const ref = await mail();
    const own = links.forMessage(ref);
    const html = `<a href="${own.unsubscribe}">1</a><a href='${own.preferences}'>2</a><a href="https://once.example/">3</a><a href="HTTPS://once.example">4</a>`;
    const tracked = await links.trackHtml(html, ref);
    expect(tracked).toContain(`<a href="${own.unsubscribe}">1</a><a href='${own.preferences}'>2</a>`);
    const [first, second] = clickPaths(tracked);
    expect(first).toBe(second);
    await links.trackHtml(html, await mail());
    expect(await t.db.raw(`select url from tracked_links where url like '%once%'`)).toEqual([{ url: 'https://once.example/' }]);
  });

  it('are found by another process that never saw them stored', async () => {
    const ref = await mail();
    const [click] = clickPaths(await links.trackHtml('<a href="https://elsewhere.example/">', ref));
    const other = await startTestApp({ modules: [FeedbackModule, MessageIdsModule], env: { PUBLIC_URL: BASE }, databaseUrl: t.databaseUrl });
    await other.http.get(click!).redirects(0).expect(302).expect('location', 'https://elsewhere.example/');
    await other.close();
  });

  it.each([['set', undefined, 'a-secret-of-sixteen'], ['unset', 'a-secret-of-sixteen', undefined]])(
    'mailed before LINK_SECRET was %s: those signed with the database’s own secret go on working', async (_, before, after) => {
      const start = (secret: string | undefined) => startTestApp({
        modules: [FeedbackModule, MessageIdsModule], env: { PUBLIC_URL: BASE, ...(secret ? { LINK_SECRET: secret } : {}) }, databaseUrl: t.databaseUrl,
      });
      const ref = await mail();
      const first = await start(before);
      const url = path(first.app.get(Links).forMessage(ref).unsubscribe);
      await first.close();
      const second = await start(after);
      await second.http.get(url).expect(before === undefined ? 200 : 404);
      await second.close();
    });

  it('of every earlier LINK_SECRET that is still listed go on working, of one that is not are dead, and the newest signs', async () => {
    const [first, second, third] = ['first-secret-of-links', 'second-secret,of-links', 'third-secret-of-links'] as [string, string, string];
    const start = (env: Record<string, string>) => startTestApp({ modules: [FeedbackModule, MessageIdsModule], env: { PUBLIC_URL: BASE, ...env }, databaseUrl: t.databaseUrl });
    const ref = await mail();
    const mailed: string[] = [path(links.forMessage(ref).unsubscribe)];
    const steps: Record<string, string>[] = [{ LINK_SECRET: first }, { LINK_SECRET: second, LINK_SECRET_PREVIOUS: first }, { LINK_SECRET: third, LINK_SECRET_PREVIOUS: `${first} ${second}` }];
    for (const env of steps) {
      const app = await start(env);
      mailed.push(path(app.app.get(Links).forMessage(ref).unsubscribe));
      for (const url of mailed) await app.http.get(url).expect(200);
      await app.close();
    }
    expect(new Set(mailed).size).toBe(4);
    const forgetful = await start({ LINK_SECRET: third, LINK_SECRET_PREVIOUS: first });
    expect(await Promise.all(mailed.map(async (url) => (await forgetful.http.get(url)).status))).toEqual([200, 200, 404, 200]);
    await forgetful.close();
  });

  it('of 200 open-redirect attempts none leaves', async () => {
    const ref = await mail();
    const [click] = clickPaths(await links.trackHtml('<a href="https://shop.example/">', ref));
    expect(OPEN_REDIRECTS.length).toBeGreaterThanOrEqual(200);
    for (const attempt of OPEN_REDIRECTS) {
      for (const target of [`/t/c/${encodeURIComponent(attempt)}`, `${click!}?u=${encodeURIComponent(attempt)}`, `${click!}${encodeURIComponent(attempt)}`]) {
        const { status, headers } = await t.http.get(target).redirects(0);
        if (status === 302) expect(headers.location).toBe('https://shop.example/');
        else expect([400, 404]).toContain(status);
      }
    }
  }, 120_000);

  it('in the template itself are taken only where they are http(s)', async () => {
    const ref = await mail();
    const html = OPEN_REDIRECTS.filter((attempt) => !/^\s*https?:\/\//i.test(attempt)).map((attempt) => `<a href="${attempt.replaceAll('"', '&quot;')}">`).join('');
    expect(clickPaths(await links.trackHtml(html, ref))).toEqual([]);
  });
});

describe('opens', () => {
  it('are counted once for each message, and the picture is never cached', async () => {
    const ref = await mail();
    const url = path(links.forMessage(ref).openPixel);
    for (let i = 0; i < 3; i++) {
      const { headers, body } = await t.http.get(url).set(BROWSER).expect(200);
      expect(headers).toMatchObject({ 'content-type': 'image/gif', 'cache-control': 'no-store, max-age=0' });
      expect((body as Buffer).subarray(0, 6).toString()).toBe('GIF89a');
    }
    expect(await ledger.facts(ref)).toMatchObject({ opened: t.clock.now(), delivered: t.clock.now() });
    expect(await events(ref)).toEqual([{ type: 'opened', machine: false, hits: 3 }]);
  });

  it('and clicks of machines are stored and marked, and count nowhere', async () => {
    const ref = await mail();
    const { openPixel } = links.forMessage(ref);
    const [click] = clickPaths(await links.trackHtml('<a href="https://shop.example/">', ref));
    await t.http.head(path(openPixel)).set(BROWSER).expect(200);
    await t.http.get(path(openPixel)).set('User-Agent', 'Mozilla/5.0').expect(200);
    await t.http.head(click!).set(BROWSER).redirects(0).expect(302);
    await t.http.get(click!).set('User-Agent', 'Barracuda Sentinel (EE)').redirects(0).expect(302);
    expect(await ledger.facts(ref)).toBeUndefined();
    expect(await events(ref)).toEqual([{ type: 'clicked', machine: true, hits: 2 }, { type: 'opened', machine: true, hits: 2 }]);
  });

  it('within a second of sending, or before the mail server has answered, are a machine’s', async () => {
    const campaign = await ledger.campaign({ channel: 'email' });
    const now = t.clock.now().getTime();
    const at = (ms: number): string => new Date(now - ms).toISOString();
    const early = await ledger.delivery(campaign, await ledger.user(`l${n++}`), { at: at(999) });
    const queued = await ledger.delivery(campaign, await ledger.user(`l${n++}`), { at: at(5_000), state: 'queued' });
    const late = await ledger.delivery(campaign, await ledger.user(`l${n++}`), { at: at(1_000) });
    for (const ref of [early, queued, late]) await t.http.get(path(links.forMessage(ref).openPixel)).set(BROWSER).expect(200);
    expect(await Promise.all([early, queued, late].map(async (ref) => (await ledger.facts(ref))?.opened))).toEqual([undefined, undefined, t.clock.now()]);
  });

  it('are refused for a token that is not ours or made for another purpose', async () => {
    const { openPixel, unsubscribe } = links.forMessage(await mail());
    const token = unsubscribe.split('/').at(-1)!;
    await t.http.get(`/t/o/${token}.gif`).expect(404).expect('content-type', /problem\+json/);
    await t.http.get(`/t/o/${'A'.repeat(44)}.gif`).expect(404);
    await t.http.get(path(openPixel).replace('.gif', '')).expect(404);
    await t.http.get(`/u/${path(openPixel).split('/').at(-1)!.replace('.gif', '')}`).expect(404);
  });
});
