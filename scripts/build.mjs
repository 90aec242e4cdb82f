/** `npm run build`: always compiles; see lib/compile.mjs. */
import { build } from './lib/compile.mjs';
import { withLock } from './lib/lock.mjs';
import { ensureDependencies } from './lib/prepare.mjs';
import { failWith } from './lib/run.mjs';

await ensureDependencies().then(() => withLock('build', build)).catch(failWith);
