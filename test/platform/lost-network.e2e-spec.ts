import { Database } from '../../src/platform/database/index.js';
import { SocketProxy } from '../support/socket-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('a network that swallows what is sent and tells nobody', () => {
  let database: TestDatabase;
  let proxy: SocketProxy;
  let pool: Database;
  beforeAll(async () => {
    database = await createTestDatabase();
    const { pathname, searchParams, username } = new URL(database.url.replace('@/', '@host/'));
    proxy = await SocketProxy.to({ path: `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port')}` });
    pool = new Database(`postgres://${username}@127.0.0.1:${proxy.port}${pathname}`, { max: 2, name: 'test', statementTimeoutMs: 200 }, () => undefined);
  });
  afterAll(async () => {
    await pool?.close();
    await proxy?.close();
    await database?.drop();
  });

  it('is given up by statements and transactions alike, and the next ones go over new connections', async () => {
    const ask = (): Promise<unknown[]> => Promise.all([pool.raw('select 1 as n'), pool.transaction((tx) => tx.raw('select 1 as n'))]);
    await ask();
    proxy.swallow();
    const lost = await Promise.allSettled([pool.raw('select 1'), pool.transaction((tx) => tx.raw('select 1'))]);
    expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await ask()).toEqual([[{ n: 1 }], [{ n: 1 }]]);
  }, 15_000);
});
