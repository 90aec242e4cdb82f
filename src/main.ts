import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Logger } from '@nestjs/common';
import { createHttpApp } from './http-app.js';
import { migrate } from './data-source.js';
import { KeyRing } from './platform/auth/index.js';
import { SystemClock } from './platform/clock/index.js';
import { ConfigError, loadConfig, type Config } from './platform/config/index.js';
import { EmbeddedError, startEmbedded, type Embedded } from './platform/embedded/index.js';
import { SystemRandom } from './platform/random/index.js';
import { PinoLogger, createLogger } from './platform/telemetry/index.js';

// Messages under way outlive two small collections and are old garbage a moment later. V8 would let that grow to four times what is in
// use before it looks; at twice, the memory of a worker that sends stands still.
setFlagsFromString('--heap-growing-percent=100');

interface Servers {
  databaseUrl: string;
  redisUrl: string;
  embedded?: Embedded;
}

async function main(): Promise<void> {
  // What the environment says wins over the file.
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = loadConfig(process.env);
  const logger = new PinoLogger(createLogger(config.env.LOG_LEVEL));
  Logger.overrideLogger(logger);
  let stopping: Promise<void> | undefined;
  let closeApp: () => Promise<void> = async () => undefined;
  const servers = await startServers(config, logger);
  const stop = (code: number): Promise<void> =>
    (stopping ??= closeApp()
      .catch((error: Error) => logger.error({ err: error }))
      .then(() => servers.embedded?.stop())
      .then(() => process.exit(code)));
  // Before anything that takes time: a signal while migrating must stop the database too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0));
  servers.embedded?.onFailure((failure) => {
    if (stopping) return;
    logger.fatal([failure.message, ...failure.log].join('\n'));
    void stop(1);
  });
  try {
    await serve(config, servers, logger, (close) => (closeApp = close));
  } catch (error) {
    logger.fatal({ err: error });
    await stop(1);
  }
}

async function startServers(config: Config, logger: PinoLogger): Promise<Servers> {
  const { DATABASE_URL, REDIS_URL, DATA_DIR } = config.env;
  if (DATABASE_URL && REDIS_URL) return { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL };
  const embedded = await startEmbedded({ dataDir: DATA_DIR, log: (line) => logger.log(line, 'embedded') });
  return { databaseUrl: embedded.databaseUrl, redisUrl: embedded.redisUrl, embedded };
}

async function serve(config: Config, servers: Servers, logger: PinoLogger, onApp: (close: () => Promise<void>) => void): Promise<void> {
  await migrate(servers.databaseUrl);
  const { databaseUrl, redisUrl } = servers;
  const app = await createHttpApp(
    { config, clock: new SystemClock(), random: new SystemRandom(), databaseUrl, redisUrl, redisPrefix: 'rapport', automatic: true },
    logger,
  );
  onApp(() => app.close());
  const key = await app.get(KeyRing).bootstrap();
  await app.listen(config.env.PORT, config.env.HOST);
  for (const name of config.weakSecrets) logger.warn(`${name} is shorter than 16 characters and can be guessed: good for trying out, not for users`);
  announce(config, (app.getHttpServer().address() as { port: number }).port, key);
}

/** For the person at the terminal, beside the structured log. */
function announce(config: Config, port: number, key: string | undefined): void {
  const url = config.env.PUBLIC_URL ?? `http://localhost:${port}`;
  process.stdout.write(`Rapport is ready at ${url}  (API page: ${url}/docs)\n`);
  if (key) process.stdout.write(`Admin key, shown only now: ${key}\n`);
}

main().catch((error: unknown) => {
  const expected = error instanceof ConfigError || error instanceof EmbeddedError;
  process.stderr.write(expected ? `${error.message}\n` : `${String((error as Error).stack ?? error)}\n`);
  process.exit(1);
});
