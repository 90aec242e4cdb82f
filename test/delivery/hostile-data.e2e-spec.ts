import { createCampaign, launch, prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import { auth, startTestApp, type TestApp } from '../support/test-app.js';

const NESTED = 'Hi{{#each user.attributes.list}}{{#each @root.user.attributes.list}}{{#each @root.user.attributes.list}}{{#if this}}{{/if}}{{/each}}{{/each}}{{/each}}';

describe('a template that the scan accepts and one person’s data make heavy', () => {
  let t: TestApp;
  beforeEach(async () => {
    t = await startTestApp();
    await prepareCatalogue(t);
    await insertReachableUsers(t.db, 60, 'u', t.clock.now());
    await t.http.post('/v1/templates').set(auth(t.keys.marketer))
      .send({ key: 'nested', channel: 'push', defaultLocale: 'en', content: { en: { title: NESTED, body: 'News' } } }).expect(201);
    await t.db.raw(`update users set attributes = jsonb_build_object('list', to_jsonb(array_fill(1, array[case user_id when 'u-7' then 100 when 'u-8' then 20 else 2 end])))`);
  });
  afterEach(() => t?.close());

  it('costs that person the message, with a reason, and nobody else theirs; what it reserved is free again', async () => {
    await launch(t, await createCampaign(t, { template: 'nested' }));
    await launch(t, await createCampaign(t, {}));
    await t.loop('planner');
    await t.loop('sender');
    const rows = await t.db.raw<{ outcome: string; n: number }>(
      `select concat_ws(' ', c.definition #>> '{variants,0,template}', d.state, d.reason, u.user_id) as outcome, (d.counted_at is not null)::integer as n
       from deliveries as d join users as u on u.id = d.user_id join campaigns as c on c.id = d.campaign_id where d.state <> 'sent'`);
    expect(rows).toEqual([{ outcome: 'nested suppressed render_error u-7', n: 0 }]);
    expect(await t.db.raw(`select count(*)::integer as n from deliveries where state = 'sent'`)).toEqual([{ n: 119 }]);
  });
});
