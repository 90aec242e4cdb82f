import { Redis } from 'ioredis';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { redisOptions } from '../../src/platform/queue/redis-url.js';
import { createTestDatabase } from '../support/test-database.js';
import { testRedis } from '../support/test-redis.js';

describe('the test harness', () => {
  it('gives each caller a migrated database of its own, through pg and through TypeORM', async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    const source = await new DataSource({ type: 'postgres', url: one.url }).initialize();
    await source.query('create table mark (n int)');
    expect(await source.query("select count(*)::int as n from information_schema.tables where table_name = 'migrations'")).toEqual([{ n: 1 }]);

    const client = new Client({ connectionString: two.url });
    await client.connect();
    expect((await client.query("select to_regclass('mark') as mark")).rows).toEqual([{ mark: null }]);
    await client.end();

    await source.destroy();
    await Promise.all([one.drop(), two.drop()]);
  });

  it('drops a database that somebody is still connected to', async () => {
    const database = await createTestDatabase();
    const client = new Client({ connectionString: database.url });
    const cut = new Promise((done) => client.on('error', done));
    await client.connect();
    await database.drop();
    expect(await cut).toMatchObject({ message: expect.stringMatching(/terminat/) as string });
  });

  it('gives a Redis that keeps keys under a prefix of the caller', async () => {
    const { url, prefix } = testRedis();
    expect(testRedis().prefix).not.toBe(prefix);
    const redis = new Redis(redisOptions(url));
    await redis.set(`${prefix}:key`, 'value');
    expect(await redis.get(`${prefix}:key`)).toBe('value');
    redis.disconnect();
  });
});
