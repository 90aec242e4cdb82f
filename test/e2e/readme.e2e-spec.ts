import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, spawnStart } from '../support/processes.js';

const READY = /ready at \S*?:(\d+)/;

/** Counts of one results answer; they balance at any moment. */
interface Results {
  audience: number;
  holdout: number;
  queued: number;
  sending: number;
  sent: number;
  failed: number;
  unknown: number;
  deferred: number;
  suppressed: Array<{ reason: string; count: number }>;
  opened: number;
  converted: number;
  revenue: number;
}

/** The fenced blocks of a language in the README's section. */
function blocks(language: string): string[] {
  const section = /^## A first campaign\n([\s\S]*?)(?=^## )/m.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1] ?? '';
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text!);
}

/** The one line that starts the server: its variables, and the command. */
function startLine(): { env: Record<string, string>; command: string } {
  const [line, ...more] = blocks('console').join('').trim().split('\n');
  if (line === undefined || more.length > 0) throw new Error('the README should start the server by one line');
  const words = line.split(' ');
  const given = words.filter((word) => /^[A-Z_]+=/.test(word));
  return { env: Object.fromEntries(given.map((word) => word.split('=') as [string, string])), command: words.slice(given.length).join(' ') };
}

/** Reads the script from its standard input, so command after command as a person would paste them; the first that fails ends it. */
function runInBash(script: string, env: Record<string, string>): Promise<{ code: number | null; output: string; errors: string }> {
  const trap = `trap 'echo "failed at: $BASH_COMMAND" >&2' ERR`;
  const bash = spawn('bash', ['-Eeuo', 'pipefail', '-s'], { env: { PATH: process.env.PATH, ...env } });
  let [output, errors] = ['', ''];
  bash.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  bash.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  bash.stdin.end(`${trap}\n${script}`);
  return new Promise((done, fail) => {
    bash.once('error', fail);
    bash.once('close', (code) => done({ code, output, errors }));
  });
}

function answersIn(output: string): Array<Record<string, unknown>> {
  return output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the first campaign of the README', () => {
  let dataDir: string;
  beforeAll(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'rapport-readme-'));
    chmodSync(dataDir, 0o711);
  });
  afterAll(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 }));

  it('runs line by line from an empty server to results that balance', async () => {
    const { env, command } = startLine();
    expect(command).toBe('npm start');
    const server = spawnStart({ env: { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn', ...env } });
    const [, port] = await server.waitForLine(READY, 45_000);
    // The README's defaults are its own server's; only the port is another one here.
    const { code, output, errors } = await runInBash(blocks('bash').join('\n'), { BASE: `http://127.0.0.1:${port}` });
    expect({ code, errors: `${errors}${code === 0 ? '' : `\n${output.slice(-2_000)}`}` }).toEqual({ code: 0, errors: '' });

    const answers = answersIn(output);
    const [before, after] = answers.filter((answer) => 'opened' in answer && 'audience' in answer) as unknown as [Results, Results];
    for (const results of [before, after]) {
      const rest = results.suppressed.reduce((sum, { count }) => sum + count, 0);
      expect(results.audience).toBe(results.holdout + results.queued + results.sending + results.sent + results.failed + results.unknown + results.deferred + rest);
      expect(results).toMatchObject({ audience: 4, sent: 2 });
      expect(new Map(results.suppressed.map(({ reason, count }) => [reason, count]))).toEqual(new Map([['unsubscribed', 1], ['no_device', 1]]));
    }
    expect(before).toMatchObject({ opened: 0, converted: 0 });
    expect(after).toMatchObject({ opened: 1, converted: 1, revenue: 20 });

    const [first, again] = answers.filter((answer) => 'wouldSend' in answer);
    expect(first).toMatchObject({ audience: 4, wouldSend: 2 });
    expect(again).toMatchObject({ audience: 4, wouldSend: 0, suppressed: expect.arrayContaining([{ reason: 'frequency_cap', count: 2 }]) });
    expect(answers).toContainEqual(expect.objectContaining({ outcome: 'suppressed', reason: 'unsubscribed' }));
    await server.end();
  }, 90_000);
});
