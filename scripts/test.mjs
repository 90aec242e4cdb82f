/** `npm test [-- jest arguments]`: installs, builds and finds Redis, then runs jest; its summary and exit code are jest's. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { inRoot, root } from './lib/paths.mjs';
import { ensureBuild, ensureDependencies, ensureRedis } from './lib/prepare.mjs';
import { watchParent } from './lib/parent-watch.mjs';
import { diesWithUs, failWith } from './lib/run.mjs';

try {
  await ensureDependencies();
  await ensureBuild();
  await ensureRedis({ install: true });
} catch (error) {
  failWith(error);
}

const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', ...diesWithUs];
const jest = spawn(process.execPath, [...flags, inRoot('node_modules', 'jest', 'bin', 'jest.js'), ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => jest.kill(signal));
if (process.env.npm_lifecycle_event) watchParent(() => jest.kill('SIGTERM'));
jest.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
