/** A stand-in for the application: starts the embedded servers of the built code, prints where they are, stops on SIGINT. */
import { startEmbedded } from '../../dist/src/platform/embedded/index.js';

const began = performance.now();
try {
  const embedded = await startEmbedded({
    dataDir: process.env.DATA_DIR,
    fsync: process.env.FSYNC !== 'off',
    sharedBuffers: '32MB',
    ephemeral: process.env.EPHEMERAL === 'yes',
    log: (line) => console.log(`log: ${line}`),
  });
  embedded.onFailure(({ what, message, log }) => console.log(`failure: ${JSON.stringify({ what, message, log })}`));
  const held = setInterval(() => undefined, 60_000);
  const end = async () => {
    await embedded.stop();
    console.log('stopped');
    clearInterval(held);
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  console.log(`up: ${JSON.stringify({ databaseUrl: embedded.databaseUrl, redisUrl: embedded.redisUrl, firstStart: embedded.firstStart, ms: Math.round(performance.now() - began) })}`);
} catch (error) {
  console.log(`refused: ${error.name}: ${error.message}`);
  if (!error.name || error.name === 'Error') console.log(error.stack);
  process.exitCode = 1;
}
