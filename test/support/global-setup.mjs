import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';

const root = new URL('../..', import.meta.url).pathname;

/**
 * One Postgres (without fsync) and one Redis for the whole run, in a fresh folder of the system's temporary one: two runs never
 * meet, and root may run them in a checkout that is closed to others. Should the run die, the guardian stops both and
 * removes the folder. A run of unit specs alone starts neither.
 */
export default async function globalSetup(config) {
  if (onlyUnitSpecs(config)) return;
  // The servers and the migrations come from the build, everything under test from the sources.
  await ensureBuild((file) => /^(migrations\/|src\/data-source\.ts$|src\/platform\/embedded\/)/.test(file));
  const build = (path) => import(new URL(`../../dist/src/${path}`, import.meta.url));
  const { startEmbedded } = await build('platform/embedded/index.js');
  const { migrate } = await build('data-source.js');
  const dataDir = mkdtempSync(join(tmpdir(), 'rapport-test-'));
  const embedded = await startEmbedded({ dataDir, fsync: false, sharedBuffers: '256MB', ephemeral: true, log: () => undefined });
  globalThis.rapportEmbedded = embedded;
  embedded.onFailure(({ message, log }) => console.error([message, ...log].join('\n')));
  process.env.RAPPORT_TEST_PG = embedded.databaseUrl.replace('/rapport?', '/postgres?');
  process.env.RAPPORT_TEST_REDIS = embedded.redisUrl;
  try {
    await makeTemplate(embedded.databaseUrl, migrate);
  } catch (error) {
    await embedded.stop();
    throw error;
  }
}

/** Unit specs stand beside their files in src/ and touch nothing. */
function onlyUnitSpecs({ nonFlagArgs = [] }) {
  const isUnit = (pattern) => /^(\.\/)?src\//.test(pattern.startsWith(root) ? relative(root, pattern) : pattern);
  return nonFlagArgs.length > 0 && nonFlagArgs.every(isUnit);
}

async function makeTemplate(databaseUrl, migrate) {
  const { Client } = await import('pg').then((module) => module.default);
  const client = new Client({ connectionString: process.env.RAPPORT_TEST_PG });
  await client.connect();
  await client.query('CREATE DATABASE rapport_template');
  await migrate(databaseUrl.replace('/rapport?', '/rapport_template?'));
  // Nobody may connect to it: CREATE DATABASE … TEMPLATE fails while anybody does.
  await client.query('ALTER DATABASE rapport_template WITH IS_TEMPLATE true ALLOW_CONNECTIONS false');
  await client.end();
}
