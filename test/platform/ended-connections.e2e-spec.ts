import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type pg from 'pg';
import { Database } from '../../src/platform/database/index.js';
import { readRows } from '../../src/reporting/export/row-cursor.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const open = (url: string): Database => new Database(url, { max: 2, name: 'test' }, () => undefined);

describe('a connection that the server ends while nothing runs on it costs the work at hand, not the process:', () => {
  let database: TestDatabase;
  let pool: Database;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = open(database.url);
  });
  afterAll(async () => {
    await pool?.close();
    await database?.drop();
  });

  async function terminate(client: pg.PoolClient): Promise<void> {
    const ended = new Promise((done) => client.once('end', done));
    await pool.raw('select pg_terminate_backend($1)', [(client as unknown as { processID: number }).processID]);
    await ended;
  }

  it('between two statements of a transaction', async () => {
    const cut = pool.transaction(async (tx) => {
      await terminate(tx.client);
      return tx.raw('select 1');
    });
    await expect(cut).rejects.toThrow();
    expect(await pool.transaction((tx) => tx.raw('select 1 as n'))).toEqual([{ n: 1 }]);
  });

  it('between two fetches of an export', async () => {
    const lent = once(pool.pool, 'acquire') as Promise<[pg.PoolClient]>;
    const rows = readRows<{ n: number }>(pool, { text: 'select generate_series(1, 3000) as n', values: [] }, new AbortController().signal);
    expect((await rows.next()).value).toHaveLength(1_000);
    await terminate((await lent)[0]);
    await expect(rows.next()).rejects.toThrow();
    expect(await pool.raw('select 1 as n')).toEqual([{ n: 1 }]);
  });
});

it('a server that ends a connection in the very packet that opened it costs one transaction, not the process', async () => {
  const message = (type: string, body: string): Buffer => {
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, Buffer.from(body, 'latin1')]);
  };
  const authenticated = message('R', '\0\0\0\0');
  const ready = message('Z', 'I');
  const fatal = message('E', 'SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0');
  const server = createServer((socket) => socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, fatal]))).on('error', () => undefined));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const pool = open(`postgres://any@127.0.0.1:${(server.address() as AddressInfo).port}/any`);
  await expect(pool.transaction((tx) => tx.raw('select 1'))).rejects.toThrow();
  await pool.close();
  server.close();
});
