import { SettingsService } from '../../src/settings/index.js';
import type { TestApp } from '../support/test-app.js';
import { callerOf, pathsOf, startRecipients } from './start.js';

let app: TestApp;
let admin: ReturnType<typeof callerOf>;

beforeAll(async () => {
  app = await startRecipients();
  admin = callerOf(app, 'admin');
});
afterAll(() => app.close());

it('settings start with the documented defaults', async () => {
  expect((await admin('get', '/v1/settings')).body).toEqual({
    purchaseEvent: 'purchase', currency: 'EUR', defaultTimezone: 'UTC', consent: { push: 'optOut', email: 'optOut' },
    staleDeviceAfter: 'P30D', eventRetention: 'P400D', globalHoldout: 0, margin: 1, messageCost: { push: 0, email: 0 },
    openValue: 0, optOutTolerance: 0.02, messageBudget: { push: null, email: null, window: 'day' }, worthRetention: 'P400D',
  });
});

it('a patch changes what it names and nothing else, nested fields included', async () => {
  await admin('patch', '/v1/settings', { purchaseEvent: 'order', consent: { email: 'optIn' } });
  const answer = await admin('patch', '/v1/settings', { globalHoldout: 0.05, messageCost: { push: 0.001 } });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    purchaseEvent: 'order', currency: 'EUR', globalHoldout: 0.05, consent: { push: 'optOut', email: 'optIn' }, messageCost: { push: 0.001, email: 0 },
  });
  expect((await admin('get', '/v1/settings')).body).toEqual(answer.body);
  expect(await app.app.get(SettingsService, { strict: false }).get()).toEqual(answer.body);
});

it('patches at the same time both hold', async () => {
  await Promise.all([
    admin('patch', '/v1/settings', { margin: 0.3 }), admin('patch', '/v1/settings', { consent: { push: 'optIn' } }),
    admin('patch', '/v1/settings', { currency: 'USD' }),
  ]);
  await admin('patch', '/v1/settings', {});
  expect((await admin('get', '/v1/settings')).body).toMatchObject({ margin: 0.3, currency: 'USD', consent: { push: 'optIn', email: 'optIn' } });
});

it('every field is validated and named; unknown ones are refused; nothing of a bad patch is kept', async () => {
  const before = (await admin('get', '/v1/settings')).body;
  const answer = await admin('patch', '/v1/settings', {
    purchaseEvent: '', currency: 'euro', defaultTimezone: 'PST', consent: { push: 'always', sms: 'optIn' }, staleDeviceAfter: 'P1M', globalHoldout: 1.5,
    margin: '1', messageCost: { push: -1 }, openValue: -1, optOutTolerance: 2, surprise: true,
  });
  expect(new Set(pathsOf(answer))).toEqual(new Set([
    'purchaseEvent', 'currency', 'defaultTimezone', 'consent.push', 'consent.sms', 'staleDeviceAfter', 'globalHoldout', 'margin', 'messageCost.push', 'openValue', 'optOutTolerance', 'surprise',
  ]));
  expect((await admin('get', '/v1/settings')).body).toEqual(before);
});

it.each([
  ['purchaseEvent', null], ['consent', null], ['consent', 'optIn'], ['consent', []], ['consent', [1]], ['messageCost', [{}]], ['messageCost', 3], ['globalHoldout', null], ['staleDeviceAfter', 'PT0S'],
  ['purchaseEvent', 'a\0b'], ['purchaseEvent', '\ud800'],
])('%s cannot be %j', async (field, value) => {
  expect(pathsOf(await admin('patch', '/v1/settings', { [field]: value }))).toContain(field);
});

it('only an admin sees or changes them', async () => {
  for (const scope of ['marketer', 'analyst', 'ingest', 'app'] as const) {
    expect((await callerOf(app, scope)('get', '/v1/settings')).status).toBe(403);
    expect((await callerOf(app, scope)('patch', '/v1/settings', { nonsense: 1 })).status).toBe(403);
  }
});
