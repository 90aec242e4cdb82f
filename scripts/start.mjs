/** `npm start`: installs and builds where needed, then becomes the server. */
import { ensureBuild, ensureDependencies } from './lib/prepare.mjs';
import { watchParent } from './lib/parent-watch.mjs';
import { failWith } from './lib/run.mjs';

// By hand (`node scripts/start.mjs &`) the shell may go and the server stay; npm may not.
if (process.env.npm_lifecycle_event) watchParent(() => process.kill(process.pid, 'SIGTERM'));

try {
  await ensureDependencies();
  await ensureBuild();
} catch (error) {
  failWith(error);
}
await import('../dist/src/main.js');
