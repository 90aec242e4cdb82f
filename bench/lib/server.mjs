// A server of the built program, as a process of its own, for benches that talk to it over HTTP.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { diesWithUs } from '../../scripts/lib/run.mjs';

/** What `npm start` gives to node. */
export const START_FLAGS = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).scripts.start.split(' ').filter((word) => word.startsWith('--'));

/** All roles, embedded Postgres with fsync, a free port, only errors in the log; node as `npm start` starts it. */
export function startServer(dataDir, adminKey, env = {}, flags = []) {
  return spawn(process.execPath, [...START_FLAGS, ...flags, ...diesWithUs, inRoot('scripts', 'start.mjs')], {
    env: { ...process.env, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error', ADMIN_API_KEY: adminKey, npm_lifecycle_event: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Its address once it is ready. @throws with what it printed if it ended instead */
export function ready(server) {
  let output = '';
  return new Promise((done, fail) => {
    server.once('exit', () => fail(new Error(`the server ended: ${output}`)));
    server.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      for (const line of text.split('\n')) if (/"level":(50|60)/.test(line)) console.error(line.slice(0, 2_000));
      const found = /ready at \S*?:(\d+)/.exec(output);
      if (found) done(`http://127.0.0.1:${found[1]}`);
    });
  });
}

export async function stopServer(server) {
  const gone = new Promise((done) => server.once('exit', done));
  server.kill('SIGTERM');
  await gone;
}
