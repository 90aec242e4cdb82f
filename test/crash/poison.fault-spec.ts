import { connect } from 'node:net';
import { createCampaign, launch } from '../factories/campaigns.js';
import { auth } from '../support/test-app.js';
import { faults } from './counts.js';
import { World } from './world.js';

const HEALTHY = 200;
/** Seconds that the event loop of a worker may be held up, of 99 in 100 looks. */
const LAG_S = 0.2;

describe('what one message, one log or one scraper must not do to the others', () => {
  let world: World;
  afterEach(() => world?.close());

  const metrics = async (port: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const portOf = (output: string): string => /ready at \S+:(\d+)/.exec(output)![1]!;

  it('F23 loops within loops and attributes of 10 MB are suppressed alone; the others go and the worker stays awake', async () => {
    const poisoned = faults(100, 1_000);
    world = await World.start({ users: HEALTHY + poisoned, longLeases: true });
    await world.api.http.post('/v1/templates').set(auth(world.api.keys.marketer)).send({
      key: 'loops', channel: 'push', defaultLocale: 'en',
      content: { en: { title: 'For you', body: '{{#each user.attributes.a}}{{#each this}}{{#each this}}{{this}}{{/each}}{{/each}}{{/each}} {{user.attributes.text}}' } },
    }).expect(201);
    // Past the API's own limits, as an older release or a hand in the database may have left them. The first carries the 10 MB.
    await world.api.db.raw(
      `with row as (select jsonb_agg('["x", "y", "z"]'::jsonb) as list from generate_series(1, 100)),
         loops as (select jsonb_agg(row.list) as list from row, generate_series(1, 100))
       update users set attributes = case
         when id = 1 then jsonb_build_object('a', '[[["x"]]]'::jsonb, 'text', repeat('x', 10000000))
         when id <= $1 then jsonb_build_object('a', loops.list, 'text', 'x')
         else '{"a": [[["x"]]], "text": "x"}' end from loops`, [poisoned]);
    const worker = await world.worker();
    // Each look begins the measurement anew.
    const lag = async (): Promise<number> => Number(/^rapport_nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(await metrics(portOf(worker.output)))![1]);
    await lag();
    await launch(world.api, await createCampaign(world.api, {}));
    await world.drained();
    const calm = await lag();
    await launch(world.api, await createCampaign(world.api, { template: 'loops' }));
    await world.drained();
    // A machine that is busy with other things keeps a healthy worker waiting too.
    expect(await lag()).toBeLessThan(Math.max(LAG_S, 2 * calm));
    expect(await world.states()).toEqual({ sent: 2 * HEALTHY + poisoned, 'suppressed render_error': poisoned });
    expect((await world.history()).violations(HEALTHY + poisoned)).toEqual([]);
  });

  it('F24 a log that nobody takes, a full disk under it and scrapers that hang: sending goes on', async () => {
    world = await World.start({ users: HEALTHY, longLeases: true });
    const deaf = await world.worker({ LOG_LEVEL: 'debug' });
    const port = Number(portOf(deaf.output));
    deaf.deafen();
    const scrapers = Array.from({ length: faults(3, 30) }, () => connect(port, '127.0.0.1').on('error', () => undefined).pause());
    for (const scraper of scrapers) scraper.write('GET /metrics HTTP/1.1\r\nHost: worker\r\n\r\n'.repeat(20));
    const full = world.muteWorker('/dev/full', { LOG_LEVEL: 'debug' });
    for (let i = 0; i < 3; i++) await launch(world.api, await createCampaign(world.api, {}));
    await world.drained();
    expect(world.workers).toEqual(new Set([deaf, full]));
    // Each of the two sends by itself.
    for (const idle of [full, deaf]) {
      idle.kill('SIGSTOP');
      await launch(world.api, await createCampaign(world.api, {}));
      await world.drained();
      idle.kill('SIGCONT');
    }
    const history = await world.history();
    expect(history.violations(HEALTHY)).toEqual([]);
    expect(history.count('sent')).toBe(5 * HEALTHY);
    for (const scraper of scrapers) scraper.destroy();
  });
});
