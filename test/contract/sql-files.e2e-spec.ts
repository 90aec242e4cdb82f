import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { SQL_FILES } from '../../src/platform/database/index.js';
import { ASK, POOLS, RANK, SPLITS, decisions, withAudience } from '../../src/planning/pass-statements.js';
import '../../src/app.module.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const SRC = new URL('../../src', import.meta.url).pathname;

function sqlFilesOnDisk(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.sql'));
}

describe('every SQL file', () => {
  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
    for (const name of ['create-pass-history', 'create-pass-known', 'create-pass-heard', 'create-pass-asked', 'create-pass-pool', 'create-pass-reserved', 'create-pass-ranks', 'create-score-forecasts']) await client.query(SQL_FILES.get(name)!.text);
  });
  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });

  it('is loaded by a typed call', () => {
    const loaded = new Set(SQL_FILES.keys());
    const forgotten = sqlFilesOnDisk().filter((path) => !path.endsWith('.part.sql'))
      .filter((path) => !loaded.has(path.split('/').at(-1)!.replace(/\.sql$/, '')));
    expect(forgotten).toEqual([]);
  });

  it('is understood by Postgres against the migrated schema', async () => {
    const broken: string[] = [];
    const statements = [...SQL_FILES.values()].filter(({ text }) => !/^\s*(create|drop|analyze|lock|truncate)\b/i.test(text));
    for (const { name, text } of statements) {
      // Not every parameter's type can be inferred without its value; whatever else is wrong shows here.
      const failure = await client.query(`prepare "${name}" as ${text}`).then(() => undefined, (e: Error & { code?: string }) => e);
      if (failure && failure.code !== '42P18') broken.push(`${name}: ${failure.message}`);
    }
    expect(broken).toEqual([]);
  });

  it('is composed to a statement that Postgres understands, for every pool and ending of the pass', async () => {
    const splits = Object.entries(SPLITS).flatMap(([pool, endings]) => Object.entries(endings).map(([ending, hours]) => [`${pool} to ${ending}`, hours] as const));
    const filling = [...Object.entries(POOLS), ...splits].flatMap(([name, hours]) => Object.entries(hours).map(([hour, statement]) => [`${name}, ${hour}`, statement] as const));
    for (const [name, statement] of [...filling, ...decisions(2), ['rank', RANK] as const, ['ask', ASK] as const]) {
      await client.query(`prepare "${name}" as ${withAudience(statement, { within: 'true', anybody: 'true' })}`);
    }
  });

  it('says at its head what it reads or writes', () => {
    const silent = sqlFilesOnDisk().filter((path) => {
      const text = readFileSync(join(SRC, path), 'utf8');
      return /\b(from|into|update|join)\s+[a-z_]+/i.test(text.replace(/--.*/g, '')) && !/^-- .*\b(reads|writes):/m.test(text);
    });
    expect(silent).toEqual([]);
  });
});
