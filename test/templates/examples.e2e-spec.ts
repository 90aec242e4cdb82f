import { readFileSync, readdirSync } from 'node:fs';
import { SettingsModule } from '../../src/settings/index.js';
import { TemplatesModule } from '../../src/templates/index.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const FOLDER = new URL('../../templates/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

interface Example {
  key: string;
  channel: 'push' | 'email';
  content: Record<string, unknown>;
}

const order = {
  name: 'purchase', occurredAt: '2026-03-01T12:00:00Z', value: 59.8, currency: 'EUR',
  properties: { orderId: 'A-17', product: 'Teapot', items: [{ name: 'Teapot & lid', price: 29.9, quantity: 2 }] },
};
const full = {
  user: {
    userId: 'u1', email: 'u1@x.example', timezone: 'Europe/Berlin', locale: 'en', createdAt: '2024-01-01T00:00:00Z',
    attributes: { firstName: 'ANNA', discount: 20, favouriteCategory: 'Tea', wishlistCount: 3, recommendations: [{ name: 'Cup <3', url: 'https://shop.example/cup?a=1&b=2', price: 9.5 }] },
  },
  event: order,
};
/** All that a guest may have. */
const bare = { user: { userId: 'guest', attributes: {} }, event: order };

describe('the example templates', () => {
  let app: TestApp;
  beforeAll(async () => (app = await startTestApp({ modules: [SettingsModule, TemplatesModule] })));
  afterAll(() => app.close());

  it('are a handful, for both channels', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(4);
    expect(FILES).toEqual(expect.arrayContaining(['winback.push.json', 'monthly-digest.email.json']));
  });

  it.each(FILES)('%s is accepted and renders in every language, for somebody known and for a guest', async (file) => {
    const example = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Example;
    expect(file).toBe(`${example.key}.${example.channel}.json`);
    expect(Object.keys(example.content)).toEqual(['en', 'de']);
    await app.http.post('/v1/templates').set(auth(app.keys.marketer)).send(example).expect(201);
    for (const locale of ['en', 'de']) {
      for (const context of [full, bare]) {
        const { body, status } = await app.http.post(`/v1/templates/${example.key}/preview`).set(auth(app.keys.marketer)).send({ context, locale });
        expect({ status, errors: body.errors }).toEqual({ status: 200 });
        expect(body.locale).toBe(locale);
        expect(JSON.stringify(body)).not.toMatch(/\{\{|undefined|null|\[object/);
      }
    }
  });
});
