import { auth, startTestApp, type TestApp } from '../support/test-app.js';

interface Operation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  body: boolean;
  query: string[];
}

interface Answer {
  operation: string;
  sent: string;
  status: number;
  body: { title?: string; errors?: Array<{ path: string; message: string }> };
  text: string;
}

// Streams and pages answer to anybody who may; links of mails carry their own token.
const PUBLIC = /^\/(health|metrics|docs|t\/|u\/|preferences\/)/;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** What no route may answer with a 5xx: wrong types, depths, sizes, texts that a database cannot hold. */
const BODIES: Array<[name: string, text: string]> = [
  ['not JSON', '{"a": '],
  ['null', 'null'],
  ['a list', '[1, 2]'],
  ['a number', '7'],
  ['a text', '"x"'],
  ['an unknown field', '{"thisFieldDoesNotExist": 1}'],
  ['NUL in a value', JSON.stringify({ name: 'a\0b', key: 'a\0b', userId: 'a\0b', users: ['\0'], events: ['\0'] })],
  ['a lone surrogate', '{"name": "\\ud800", "key": "\\ud800", "reason": "\\ud800"}'],
  ['__proto__', '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}'],
  ['depth 5,000', '{"rule":'.repeat(5_000) + '1' + '}'.repeat(5_000)],
  ['everything null', JSON.stringify(Object.fromEntries(['name', 'key', 'users', 'events', 'rule', 'audience', 'schedule', 'content', 'caps', 'reason', 'userIds', 'state', 'channel'].map((k) => [k, null])))],
  ['everything a number', JSON.stringify(Object.fromEntries(['name', 'key', 'users', 'events', 'rule', 'audience', 'schedule', 'content', 'caps', 'reason', 'userIds', 'state', 'channel'].map((k) => [k, 1e308])))],
  ['everything an object', JSON.stringify(Object.fromEntries(['name', 'key', 'users', 'events', 'rule', 'audience', 'schedule', 'content', 'caps', 'reason', 'userIds', 'state', 'channel'].map((k) => [k, { a: [{ b: {} }] }])))],
  ['SQL', JSON.stringify({ name: "'; drop table users; --", key: "x' or 1=1", rule: { attribute: "a'; select 1", op: 'eq', value: "'" } })],
];

const HOSTILE_QUERY = ['\0', '\ud800', '-1', '1e99', '{}', "' or 1=1 --", 'x'.repeat(5_000), '2026-13-45T99:99:99Z', 'NaN'];

describe('every route', () => {
  let t: TestApp;
  let operations: Operation[];
  beforeAll(async () => {
    t = await startTestApp();
    const document = (await t.http.get('/docs/openapi.json').expect(200)).body;
    operations = Object.entries(document.paths as Record<string, Record<string, { requestBody?: unknown; parameters?: Array<{ in: string; name: string }> }>>)
      .flatMap(([path, item]) => METHODS.filter((method) => item[method]).map((method) => ({
        method, path, body: ['post', 'put', 'patch'].includes(method),
        query: (item[method]!.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name),
      })));
  });
  afterAll(() => t?.close());

  const send = async (operation: Operation, fill: string, key: string | null, body?: string, query = ''): Promise<Answer> => {
    const path = operation.path.replace(/\{[^}]+\}/g, encodeURIComponent(fill)) + query;
    let request = t.http[operation.method](path).redirects(0).buffer(true);
    if (key) request = request.set(auth(key));
    if (body !== undefined) request = request.set('Content-Type', 'application/json').send(body);
    const answer = await request.ok(() => true);
    return { operation: `${operation.method.toUpperCase()} ${operation.path}`, sent: body ?? query, status: answer.status, body: answer.body ?? {}, text: answer.text ?? '' };
  };
  const leaks = (text: string): boolean => /\bat .*\(.*:\d+:\d+\)|syntax error at|SELECT |pg_catalog|node_modules/.test(text);

  it('is listed in the OpenAPI document', () => {
    expect(operations.length).toBeGreaterThan(60);
  });

  it('asks for a key before anything else', async () => {
    const answers = [];
    for (const operation of operations.filter(({ path }) => !PUBLIC.test(path))) answers.push(await send(operation, '1', null, operation.body ? '{"a": ' : undefined));
    expect(answers.filter(({ status }) => status !== 401).map(({ operation, status }) => `${operation} ${status}`)).toEqual([]);
  });

  it('answers malformed bodies with a 4xx that names the fields, never a 5xx, and never accepts them', async () => {
    const wrong: string[] = [];
    for (const operation of operations.filter((o) => o.body && !PUBLIC.test(o.path))) {
      for (const [name, body] of BODIES) {
        const answer = await send(operation, '1', t.adminKey, body);
        const named = answer.status !== 400 || name === 'not JSON' || /depth|null|list|number|text/.test(name) || (answer.body.errors?.length ?? 0) > 0;
        if (answer.status >= 500 || answer.status < 400 || !named || leaks(answer.text)) wrong.push(`${answer.operation} <- ${name}: ${answer.status} ${answer.text.slice(0, 200)}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 180_000);

  it('answers hostile ids and query values with a 4xx or an empty answer, never a 5xx', async () => {
    const wrong: string[] = [];
    for (const operation of operations.filter(({ path }) => !path.startsWith('/docs'))) {
      for (const value of HOSTILE_QUERY) {
        const encode = (v: string): string => encodeURIComponent(v.isWellFormed() ? v : '%ED%A0%80');
        const query = operation.query.length > 0 ? `?${operation.query.map((name) => `${name}=${encode(value)}`).join('&')}` : '';
        const fill = operation.path.includes('{') ? (value.isWellFormed() ? value : '�') : '1';
        const answer = await send(operation, fill, PUBLIC.test(operation.path) ? null : t.adminKey, operation.body ? '{}' : undefined, query);
        if (answer.status >= 500 || leaks(answer.text)) wrong.push(`${answer.operation} <- ${value.slice(0, 40)}: ${answer.status} ${answer.text.slice(0, 200)}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 180_000);

  it('lets nothing pollute a prototype', () => {
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
