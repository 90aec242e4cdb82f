import { SettingsModule } from '../../src/settings/index.js';
import type { RenderedEmail as OutgoingMail, RenderedPush as OutgoingPush } from '../../src/channels/channel-sender.js';
import { TemplateRenderer, Templates, TemplatesModule, type RenderedEmail, type RenderedPush } from '../../src/templates/index.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

/** Held by the type check: what the renderer makes is what the channels take. */
export const handOver = { push: (made: RenderedPush): OutgoingPush => made, email: (made: RenderedEmail): OutgoingMail => made };

const content = { en: { title: 'Hi {{user.attributes.firstName}}', body: 'b' } };
const winback = { key: 'winback', channel: 'push', content, defaultLocale: 'en', tags: ['a'] };

describe('templates over HTTP', () => {
  let app: TestApp;
  beforeAll(async () => (app = await startTestApp({ modules: [SettingsModule, TemplatesModule], env: { MAIL_FROM_DOMAINS: 'shop.example', PUBLIC_URL: 'https://r.example' } })));
  afterAll(() => app.close());
  beforeEach(() => app.db.raw('truncate templates, template_versions, run_variants, runs, campaigns, users cascade'));

  const send = (method: 'get' | 'post' | 'put' | 'delete', path: string, body?: object, key = app.keys.marketer) => {
    const request = app.http[method](`/v1/templates${path}`).set(auth(key));
    return body ? request.send(body) : request;
  };
  const preview = (key: string, body: object) => send('post', `/${key}/preview`, body);

  async function user(userId: string, attributes: object, more: { email?: string; locale?: string; timezone?: string } = {}): Promise<string> {
    const [row] = await app.db.raw<{ id: string }>(
      `insert into users (id, user_id, attributes, email, locale, timezone, created_at) values (nextval('user_id_seq'), $1, $2, $3, $4, $5, '2024-01-01') returning id`,
      [userId, attributes, more.email ?? null, more.locale ?? null, more.timezone ?? null]);
    return row!.id;
  }

  async function campaign(status: string, template: string): Promise<string> {
    const definition = { variants: [{ key: 'a', template, weight: 1 }] };
    const [row] = await app.db.raw<{ id: string }>(
      `insert into campaigns (name, status, channel, transactional, priority, definition, salt) values ('Spring', $1, 'push', false, 50, $2, 's') returning id`, [status, definition]);
    return row!.id;
  }

  it('creates, reads, lists, adds versions and keeps the earlier ones', async () => {
    const made = await send('post', '', winback).expect(201);
    expect(made.body).toMatchObject({ ...winback, version: 1, latestVersion: 1 });
    expect(made.body.id).toBeUndefined();
    const next = { en: { title: 'Hello', body: 'b' }, de: { title: 'Hallo', body: 'b' } };
    const changed = await send('put', '/winback', { content: next, defaultLocale: 'de' }).expect(200);
    expect(changed.body).toMatchObject({ version: 2, content: next, defaultLocale: 'de', tags: ['a'] });
    expect((await send('get', '/winback').expect(200)).body).toMatchObject({ version: 2, content: next });
    expect((await send('get', '/winback?version=1').expect(200)).body).toMatchObject({ version: 1, latestVersion: 2, content, defaultLocale: 'en' });
    await send('get', '/winback?version=3').expect(404);
    await send('post', '', { key: 'mail', channel: 'email', content: { en: { subject: 's', html: 'h' } }, defaultLocale: 'en' }).expect(201);
    const first = (await send('get', '?limit=1').expect(200)).body;
    expect(first.data).toMatchObject([{ key: 'winback', channel: 'push', version: 2, locales: ['de', 'en'] }]);
    expect((await send('get', `?limit=1&cursor=${first.nextCursor}`)).body).toMatchObject({ data: [{ key: 'mail' }], nextCursor: null });
    expect((await send('get', '?tag=a')).body.data).toHaveLength(1);
    expect((await send('get', '?channel=email')).body.data).toMatchObject([{ key: 'mail' }]);
    expect(await app.app.get(Templates).find('winback')).toMatchObject({ key: 'winback', channel: 'push', version: 2 });
    expect(await app.app.get(Templates).find('nobody')).toBeUndefined();
  });

  it('numbers versions that are written at the same time, losing none', async () => {
    await send('post', '', winback).expect(201);
    const answers = await Promise.all(Array.from({ length: 10 }, () => send('put', '/winback', { content }).expect(200)));
    expect(answers.map((a) => a.body.version).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('refuses a key that is taken, also when two come together', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => send('post', '', winback)));
    expect(answers.map((a) => a.status).sort()).toEqual([201, 409, 409]);
  });

  it('names everything that is wrong in one 400, beside the content and inside it', async () => {
    const { body } = await send('post', '', { key: 'Bad Key', channel: 'push', content: { en: { title: '{{{x}}}' }, de: 5 }, defaultLocale: 'fr', extra: 1, tags: [5] }).expect(400);
    expect(body.errors.map((e: { path: string }) => e.path).sort()).toEqual(['content.de', 'content.en.body', 'content.en.title', 'defaultLocale', 'extra', 'key', 'tags']);
    await send('post', '', winback).expect(201);
    const put = await send('put', '/winback', { key: 'other', channel: 'email', content: { en: { title: 'a', body: '{{#if}}' } } }).expect(400);
    expect(put.body.errors.map((e: { path: string }) => e.path)).toEqual(['key', 'channel', 'content.en.body']);
    expect((await send('get', '/winback')).body.version).toBe(1);
  });

  it.each<[string, unknown]>([
    ['a list', []], ['a text', '"x"'], ['nothing', undefined], ['a syntax tree', { ...winback, content: { en: { title: { type: 'Program', body: [] }, body: 'b' } } }],
    ['100,000 mustaches', { ...winback, content: { en: { title: 'a', body: '{{a}}'.repeat(100_000) } } }], ['5,000 levels', { ...winback, content: { en: { title: 'a', body: '{{#if a}}'.repeat(5_000) } } }],
    ['deep JSON', { ...winback, content: { en: { title: 'a', body: 'b', data: JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)) } } }],
    ['a polluting key', JSON.parse('{"key":"x","channel":"push","defaultLocale":"en","content":{"en":{"title":"a","body":"b","data":{"__proto__":{"a":"b"}}}}}')],
    ['a null key', { ...winback, key: null }], ['null tags', { ...winback, tags: null }], ['an unknown channel', { ...winback, channel: 'sms' }],
  ])('answers 400 to %s and stores nothing', async (_, body) => {
    const request = app.http.post('/v1/templates').set(auth(app.keys.marketer)).type('application/json');
    const answer = await (body === undefined ? request : request.send(body as object));
    expect(answer.status).toBe(400);
    expect(answer.type).toBe('application/problem+json');
    expect(await app.db.raw('select 1 from templates')).toEqual([]);
  });

  it('is for marketers and admins', async () => {
    for (const scope of ['analyst', 'ingest', 'app'] as const) await send('get', '', undefined, app.keys[scope]).expect(403);
    await send('get', '', undefined, app.adminKey).expect(200);
    await app.http.get('/v1/templates').expect(401);
  });

  it('takes senders of MAIL_FROM_DOMAINS only', async () => {
    const mail = (from: string): object => ({ key: 'm', channel: 'email', content: { en: { subject: 's', html: 'h', from } }, defaultLocale: 'en' });
    expect((await send('post', '', mail('a@evil.example')).expect(400)).body.errors).toMatchObject([{ path: 'content.en.from' }]);
    await send('post', '', mail('a@shop.example')).expect(201);
  });

  it('stands in the OpenAPI document with its bodies', async () => {
    const { body } = await app.http.get('/docs/openapi.json').expect(200);
    expect(Object.keys(body.paths).filter((path) => path.startsWith('/v1/templates'))).toEqual(['/v1/templates', '/v1/templates/{key}', '/v1/templates/{key}/preview']);
    expect(Object.keys(body.components.schemas.CreateTemplate.properties).sort()).toEqual(['channel', 'content', 'defaultLocale', 'key', 'tags']);
    expect(body.components.schemas.CreateTemplate.required.sort()).toEqual(['channel', 'content', 'defaultLocale', 'key']);
    expect(body.components.schemas.PreviewTemplate.required).toBeUndefined();
  });

  describe('deletion', () => {
    it('is refused while a campaign has it before it, saying which, and goes on when that is over', async () => {
      await send('post', '', winback).expect(201);
      for (const status of ['draft', 'scheduled', 'running', 'paused']) {
        const id = await campaign(status, 'winback');
        expect((await send('delete', '/winback').expect(409)).body.detail).toContain(`campaign ${id} "Spring" (${status})`);
        await app.db.raw(`update campaigns set status = 'completed' where id = $1`, [id]);
      }
      await campaign('running', 'another');
      await send('delete', '/winback').expect(204);
      await send('get', '/winback').expect(404);
      await send('delete', '/winback').expect(404);
    });

    it('is refused for ever once a run has sent it', async () => {
      await send('post', '', winback).expect(201);
      const id = await campaign('cancelled', 'winback');
      const [run] = await app.db.raw<{ id: string }>(`insert into runs (campaign_id, scheduled_for, month, expires_at) values ($1, '2026-01-01', '2026-01-01', '2026-01-02') returning id`, [id]);
      await app.db.raw(`insert into run_variants (run_id, variant, template_id, template_version) select $1, 0, id, 1 from templates where key = 'winback'`, [run!.id]);
      expect((await send('delete', '/winback').expect(409)).body.detail).toContain(`campaign ${id} "Spring" (cancelled, has sent it)`);
    });
  });

  describe('preview', () => {
    it('renders for a user, in their language and zone', async () => {
      const body = { en: { title: 'Hi {{user.attributes.firstName}}', body: 'b' }, de: { title: 'Hallo {{user.attributes.firstName}}', body: '{{date user.createdAt "d. LLLL, HH:mm"}} {{default scores.rfm.group "neu"}}' } };
      await send('post', '', { ...winback, content: body }).expect(201);
      const id = await user('u/1', { firstName: "Tom & Jerry's <3" }, { locale: 'de-CH', timezone: 'Europe/Zurich' });
      expect((await preview('winback', { userId: 'u/1' }).expect(200)).body).toEqual({ channel: 'push', version: 1, locale: 'de', title: "Hallo Tom & Jerry's <3", body: '1. Januar, 01:00 neu' });
      await app.db.raw(`insert into user_scores (user_id, recency, frequency, monetary, rfm_group, last_purchase_at, purchases, revenue, as_of) values ($1, 5, 5, 5, 'champions', now(), 9, 90, now())`, [id]);
      expect((await preview('winback', { userId: 'u/1' })).body.body).toBe('1. Januar, 01:00 champions');
      expect((await preview('winback', { userId: 'u/1', locale: 'fr' })).body).toMatchObject({ locale: 'en', title: "Hi Tom & Jerry's <3" });
      expect((await preview('winback', { userId: 'u/1', locale: 'en', context: { user: { attributes: { firstName: 'Eve' } } } })).body.title).toBe('Hi Eve');
      await preview('winback', { userId: 'nobody' }).expect(404);
      await preview('nothing', { userId: 'u/1' }).expect(404);
    });

    it('names the variable that is missing', async () => {
      await send('post', '', winback).expect(201);
      await user('u2', { firstName: '' });
      for (const request of [{ userId: 'u2' }, { context: {} }, {}]) {
        const { body } = await preview('winback', request).expect(400);
        expect(body.errors).toEqual([{ path: 'content.en.title', message: 'user.attributes.firstName has no value and no default' }]);
      }
    });

    it('renders a mail whole: escaped, with text, preheader and footer', async () => {
      const mail = { subject: 'Hi {{user.attributes.firstName}}', preheader: 'pre', html: '<p>Hi {{user.attributes.firstName}} <a href="https://x.example/?q={{user.attributes.firstName}}">go</a></p>', replyTo: 'a@b.example' };
      await send('post', '', { key: 'mail', channel: 'email', content: { en: mail }, defaultLocale: 'en' }).expect(201);
      const { body } = await preview('mail', { context: { user: { attributes: { firstName: 'Tom &\r\nJerry' } } } }).expect(200);
      expect(body).toMatchObject({ channel: 'email', subject: 'Hi Tom & Jerry', replyTo: 'a@b.example' });
      expect(body.html).toContain('<p>Hi Tom &amp;\r\nJerry <a href="https://x.example/?q=Tom%20%26%0D%0AJerry">go</a></p>');
      expect(body.html).toContain('href="https://r.example/u/preview"');
      expect(body.text).toMatch(/^Hi Tom & Jerry go \(https:\/\/x\.example\/\?q=Tom%20%26%0D%0AJerry\)\n\nUnsubscribe \(https:\/\/r\.example\/u\/preview\)/);
    });

    it('refuses hostile data as a fault of the data, never as a fault of ours', async () => {
      await send('post', '', { ...winback, content: { en: { title: '{{#each user.attributes.l}}{{#each @root.user.attributes.l}}{{#each @root.user.attributes.l}}x{{/each}}{{/each}}{{/each}}', body: '{{user.attributes.s}}' } } }).expect(201);
      const attributes = { l: Array.from({ length: 100 }, (_, i) => i), s: 'x'.repeat(1_000_000) };
      const { body } = await preview('winback', { context: { user: { attributes } } }).expect(400);
      expect(body.errors.map((e: { path: string }) => e.path)).toEqual(['content.en.title', 'content.en.body']);
      for (const context of [{ user: 5 }, { user: null }, { campaign: [] }, 5, []]) await preview('winback', { context }).expect(400);
      for (const over of [{ userId: 5 }, { locale: {} }, { userId: '' }, { extra: 1 }]) await preview('winback', { context: {}, ...over }).expect(400);
    });
  });

  describe('the renderer', () => {
    const context = (firstName?: string) => ({ user: { userId: 'u', attributes: firstName === undefined ? {} : { firstName } }, campaign: { id: '1', name: 'c' } });

    it('compiles each text once for 1,000 people, and a new version anew', async () => {
      await send('post', '', winback).expect(201);
      const renderer = app.app.get(TemplateRenderer);
      const { id } = (await app.app.get(Templates).find('winback'))!;
      const before = renderer.compiledTexts;
      const request = { templateId: id, version: 1, locale: 'en-GB', marketing: true };
      const results = await Promise.all(Array.from({ length: 1_000 }, (_, i) => renderer.render({ ...request, context: context(`n${i}`) })));
      expect(results.every((result, i) => result.ok && result.channel === 'push' && result.content.title === `Hi n${i}`)).toBe(true);
      expect(renderer.compiledTexts - before).toBe(1);
      await send('put', '/winback', { content: { en: { title: '{{user.userId}}', body: '{{user.userId}}' } } }).expect(200);
      expect(await renderer.render({ ...request, version: 2, context: context() })).toEqual({ ok: true, channel: 'push', content: { title: 'u', body: 'u' } });
      expect(renderer.compiledTexts - before).toBe(3);
    });

    it('sends none of 100 people with a missing name a blank greeting, and says why', async () => {
      await send('post', '', winback).expect(201);
      const { id } = (await app.app.get(Templates).find('winback'))!;
      for (let i = 0; i < 100; i++) {
        const result = await app.app.get(TemplateRenderer).render({ templateId: id, version: 1, locale: null, marketing: true, context: context(['', '  '][i % 3]) });
        expect(result).toEqual({ ok: false, error: 'content.en.title: user.attributes.firstName has no value and no default' });
      }
    });

    it('answers for a version that does not exist', async () => {
      const result = await app.app.get(TemplateRenderer).render({ templateId: '999', version: 1, locale: null, marketing: true, context: context('a') });
      expect(result).toEqual({ ok: false, error: 'template: version 1 does not exist' });
    });

    it('puts no footer under transactional mail', async () => {
      await send('post', '', { key: 'mail', channel: 'email', content: { en: { subject: 's', html: '<p>h</p>' } }, defaultLocale: 'en' }).expect(201);
      const { id } = (await app.app.get(Templates).find('mail'))!;
      const links = { unsubscribe: 'https://r.example/u/1', preferences: 'https://r.example/preferences/1' };
      const request = { templateId: id, version: 1, locale: 'de', context: { ...context('a'), links } };
      const renderer = app.app.get(TemplateRenderer);
      expect(await renderer.render({ ...request, marketing: false })).toEqual({ ok: true, channel: 'email', content: { subject: 's', html: '<p>h</p>', text: 'h' } });
      expect(JSON.stringify(await renderer.render({ ...request, marketing: true }))).toContain(links.unsubscribe);
    });
  });
});
