// Generated truth that is committed: the schema, the OpenAPI document, the example environment. Fails where a file is not what
// the code gives; `--write` writes it.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuild, ensureDependencies } from './lib/prepare.mjs';
import { inRoot } from './lib/paths.mjs';
import { dumpSchema } from './drift/dump-schema.mjs';
import { exampleEnvironment } from './drift/example-environment.mjs';

const write = process.argv.includes('--write');

await ensureDependencies();
await ensureBuild();
const built = (path) => import(new URL(`../dist/src/${path}`, import.meta.url));

const { startEmbedded } = await built('platform/embedded/index.js');
const embedded = await startEmbedded({
  dataDir: mkdtempSync(join(tmpdir(), 'rapport-drift-')), fsync: false, ephemeral: true, log: () => undefined,
});
const drifted = [];
try {
  const { migrate } = await built('data-source.js');
  await migrate(embedded.databaseUrl);
  compare('migrations/schema.sql', await dumpSchema(embedded.databaseUrl));
  compare('docs/openapi.json', `${JSON.stringify(await openApiDocument(embedded), null, 2)}\n`);
  compare('.env.example', exampleEnvironment(readFileSync(inRoot('src', 'platform', 'config', 'environment.ts'), 'utf8')));
} finally {
  await embedded.stop();
}
if (drifted.length > 0 && !write) {
  console.error(`Drift: ${drifted.join(', ')} ${drifted.length === 1 ? 'is' : 'are'} not what the code gives. Run "npm run drift:write" and commit.`);
  process.exit(1);
}
console.log(write ? `Written: ${drifted.join(', ') || 'nothing had changed'}.` : 'No drift: schema, OpenAPI document and example environment are what the code gives.');
process.exit(0);

function compare(path, wanted) {
  let found = '';
  try {
    found = readFileSync(inRoot(...path.split('/')), 'utf8');
  } catch {
    // Missing is different.
  }
  if (found === wanted) return;
  drifted.push(path);
  if (write) writeFileSync(inRoot(...path.split('/')), wanted);
}

async function openApiDocument({ databaseUrl, redisUrl }) {
  const { createHttpApp, openApi } = await built('http-app.js');
  const { loadConfig } = await built('platform/config/index.js');
  const { SystemClock } = await built('platform/clock/index.js');
  const { SystemRandom } = await built('platform/random/index.js');
  const config = loadConfig({ DATABASE_URL: 'postgres://unused/db', REDIS_URL: 'redis://unused' });
  const app = await createHttpApp(
    { config, clock: new SystemClock(), random: new SystemRandom(), databaseUrl, redisUrl, redisPrefix: 'drift', automatic: false }, false);
  await app.init();
  const document = openApi(app);
  await app.close();
  return document;
}
