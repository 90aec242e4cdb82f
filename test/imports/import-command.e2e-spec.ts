import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { EventsModule } from '../../src/events/index.js';
import { ImportsModule } from '../../src/imports/index.js';
import { RecipientsModule } from '../../src/recipients/index.js';
import { ScoringModule } from '../../src/scoring/index.js';
import { SegmentsModule } from '../../src/segments/index.js';
import { SettingsModule } from '../../src/settings/index.js';
import { TestProcess } from '../support/processes.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const FOLDER = mkdtempSync(join(tmpdir(), 'rapport-import-command-'));
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({
    modules: [SettingsModule, RecipientsModule, EventsModule, ScoringModule, SegmentsModule, ImportsModule],
    env: { DATA_DIR: join(FOLDER, 'data') }, automatic: true,
  });
});
afterAll(async () => {
  await app.close();
  rmSync(FOLDER, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const command = new TestProcess(process.execPath, ['scripts/import.mjs', ...args], { env: { RAPPORT_URL: app.url, RAPPORT_KEY: app.keys.ingest } });
  const { code } = await command.exited;
  return { code, output: command.output };
}

it('npm run import takes a packed file of 100,000 rows in bounded memory and fetches the refused rows', async () => {
  const file = join(FOLDER, 'orders.csv.gz');
  // Ballast that packs well: 100 MB unpacked must not stand in memory.
  const ballast = 'x'.repeat(1_000);
  const rows = Array.from({ length: 100_000 }, (_, i) => `${i % 50 === 0 ? 'c1' : ''},${i % 1_000 === 0 ? 'no day' : '2026-01-02'},1,o${i},${ballast}`);
  writeFileSync(file, gzipSync(`customer,when,total,order,note\n${rows.join('\n')}\n`, { level: 1 }));
  rows.length = 0;
  const refused = join(FOLDER, 'refused.csv');
  let peak = 0;
  const before = process.memoryUsage().rss;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss - before)), 50);
  const { code, output } = await run(file, '--type', 'transactions', '--columns', 'user=customer,time=when,value=total,id=order', '--rejected', refused);
  clearInterval(watch);
  expect(output).toMatch(/accepted 1,900, there before 0, refused 98,100/);
  expect(code).toBe(2);
  expect(peak).toBeLessThan(200 * 1024 * 1024);
  const lines = readFileSync(refused, 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(98_101);
  expect(lines.slice(1, 3)).toEqual(['2,time,must be an RFC 3339 time with offset such as 2026-12-01T18:00:00Z', '3,user,must be a text of 1 to 255 characters']);
});

it('says in a line what is wrong', async () => {
  expect(await run('nothing.csv', '--type', 'users')).toMatchObject({ code: 1, output: 'There is no file nothing.csv.\n' });
  expect(await run('x.txt', '--type', 'users')).toMatchObject({ code: 1, output: expect.stringMatching(/^--format must be/) });
  const file = join(FOLDER, 'users.csv');
  writeFileSync(file, 'userId,mood\na,b\n');
  const failed = await run(file, '--type', 'users');
  expect(failed.code).toBe(1);
  expect(failed.output).toMatch(/"mood" is no field of users/);
  expect((await run(file, '--type', 'users', '--columns', 'userId=userId')).code).toBe(0);
});
