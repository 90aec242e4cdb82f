/**
 * The guardian: a process of its own that starts Postgres and Redis and ends them when it is told to or when its standard
 * input closes, which the kernel does for any death of the application, kill -9 included. It runs in a session of its own,
 * so that Ctrl-C in the terminal reaches only the application, which closes its connections first.
 * It reports to the application by lines of JSON on standard output.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { GuardedProcess } from './guarded-process.js';
import { startPostgres, startRedis } from './guarded-servers.js';
import type { GuardianOrder, GuardianReport, ServerName } from './guardian-protocol.js';

const processes: GuardedProcess[] = [];
let order: GuardianOrder | undefined;
let stopping = false;

function report(message: GuardianReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** A process that was born while we were stopping is stopped as well. */
function keep(born: GuardedProcess): void {
  processes.push(born);
  if (stopping) void born.stop();
}

async function start(given: GuardianOrder): Promise<void> {
  order = given;
  writeFileSync(given.dir.guardianPidFile, `${process.pid}\n`);
  try {
    const [postgres, redis] = await Promise.all([startPostgres(given, keep), startRedis(given, keep)]);
    watch('postgres', postgres);
    watch('redis', redis);
    report({ event: 'ready' });
  } catch (error) {
    if (!stopping) report({ event: 'failed', message: (error as Error).message });
    await stop();
  }
}

function watch(server: ServerName, process: GuardedProcess): void {
  void process.ended.then((how) => {
    if (!stopping) report({ event: 'died', server, how, log: process.lastLines() });
  });
}

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await Promise.all(processes.map((one) => one.stop()));
  if (order) {
    const { dir } = order;
    rmSync(dir.sockets, { recursive: true, force: true });
    for (const file of [dir.redisPidFile, dir.guardianPidFile]) rmSync(file, { force: true });
    if (order.ephemeral) rmSync(dir.root, { recursive: true, force: true, maxRetries: 5 });
  }
  process.exit(0);
}

function obey(line: string): void {
  if (line === 'stop') void stop();
  else void start(JSON.parse(line) as GuardianOrder);
}

// The application may be gone when we report; the end of standard input tells us, not the broken pipe.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
process.on('SIGHUP', () => undefined);
createInterface({ input: process.stdin }).on('line', obey).on('close', () => void stop());
