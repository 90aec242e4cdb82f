/** `npm run demo`: the whole loop once, on real components. See `npm run demo -- --help`. */
import { HELP, readOptions } from './demo/options.mjs';
import { ensureDependencies, ensureRedis } from './lib/prepare.mjs';
import { failWith } from './lib/run.mjs';

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else {
    await ensureDependencies();
    await ensureRedis({ install: true });
    // Only now: it needs the packages and the build.
    const { runDemo } = await import('./demo/run.mjs');
    process.exit(await runDemo(options));
  }
} catch (error) {
  failWith(error);
}
