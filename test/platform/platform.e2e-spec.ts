import { auth, startTestApp, type TestApp } from '../support/test-app.js';

describe('the platform', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp({ modules: [] });
  });
  afterAll(() => t?.close());

  it('answers health without a key and says what is up', async () => {
    await t.http.get('/health/live').expect(200, { status: 'ok' });
    await t.http.get('/health/ready').expect(200, { status: 'ok', postgres: 'up', redis: 'up' });
  });

  it('refuses an unknown key before it looks at a malformed body', async () => {
    const answer = await t.http.post('/v1/keys').set('Content-Type', 'application/json').send('{"name": ').expect(401);
    expect(answer.headers['content-type']).toMatch(/application\/problem\+json/);
    await t.http.post('/v1/keys').set(auth(t.keys.marketer)).set('Content-Type', 'application/json').send('{').expect(403);
    await t.http.post('/v1/keys').set(auth(t.adminKey)).set('Content-Type', 'application/json').send('{').expect(400);
  });

  it('names every wrong field and every unknown one', async () => {
    const answer = await t.http.post('/v1/keys').set(auth(t.adminKey)).send({ scope: 'root', extra: 1 }).expect(400);
    expect(answer.body.errors.map((e: { path: string }) => e.path).sort()).toEqual(['extra', 'name', 'scope']);
    expect(answer.body.requestId).toBe(answer.headers['x-request-id']);
  });

  it('refuses text that Postgres cannot hold with a 400, never a 500', async () => {
    for (const name of ['a\0b', 'lone \ud800 surrogate']) {
      const answer = await t.http.post('/v1/keys').set(auth(t.adminKey)).send(JSON.stringify({ name, scope: 'app' })).set('Content-Type', 'application/json');
      expect(answer.status).toBe(400);
      expect(answer.body.errors[0].path).toBe('name');
    }
  });

  it('shows a key once, lists it without its secret and refuses it after its revocation', async () => {
    const made = (await t.http.post('/v1/keys').set(auth(t.adminKey)).send({ name: 'k', scope: 'admin' }).expect(201)).body;
    const list = await t.http.get('/v1/keys').set(auth(made.key)).expect(200);
    expect(JSON.stringify(list.body)).not.toContain(made.key);
    await t.http.delete(`/v1/keys/${made.id}`).set(auth(t.adminKey)).expect(204);
    await t.http.get('/v1/keys').set(auth(made.key)).expect(401);
    await t.http.delete(`/v1/keys/${made.id}`).set(auth(t.adminKey)).expect(404);
  });

  it('does a POST with an Idempotency-Key once and replays its answer', async () => {
    const send = (body: object) => t.http.post('/v1/keys').set(auth(t.adminKey)).set('Idempotency-Key', 'one').send(body);
    const first = await send({ name: 'once', scope: 'app' }).expect(201);
    const second = await send({ name: 'once', scope: 'app' }).expect(201);
    expect(second.body).toEqual(first.body);
    expect(second.headers['idempotent-replayed']).toBe('true');
    await send({ name: 'other', scope: 'app' }).expect(422);
  });

  it('lets a refused request be mended under the same Idempotency-Key', async () => {
    const send = (body: object) => t.http.post('/v1/keys').set(auth(t.adminKey)).set('Idempotency-Key', 'two').send(body);
    await send({ name: 'x', scope: 'nobody' }).expect(400);
    await send({ name: 'x', scope: 'app' }).expect(201);
  });

  it('makes one key of 20 parallel POSTs with one Idempotency-Key', async () => {
    const send = () => t.http.post('/v1/keys').set(auth(t.adminKey)).set('Idempotency-Key', 'race').send({ name: 'raced', scope: 'app' });
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([201, ...answers.some((a) => a.status === 409) ? [409] : []]));
    expect((await t.db.raw<{ n: number }>(`select count(*)::int as n from api_keys where name = 'raced'`))[0]!.n).toBe(1);
  });

  it('serves metrics to loopback and the API page to all', async () => {
    expect((await t.http.get('/metrics').expect(200)).text).toContain('rapport_process_cpu_seconds_total');
    await t.http.get('/docs/openapi.json').expect(200);
    await t.http.get('/nowhere').expect(404).expect('content-type', /problem\+json/);
  });
});
