import { constants } from 'node:os';
import { Told } from '../lib/run.mjs';
import { watchParent } from '../lib/parent-watch.mjs';
import { Bars, seconds } from './bars.mjs';
import { Servers } from './servers.mjs';
import { campaigns, input, load, people, results, score, segments, servers as startServers } from './stages.mjs';

const STAGES = [
  // The input first: a wrong file should be told before anything is started.
  ['Input', input], ['Servers', startServers], ['Loading over the REST API', load], ['Scores', score],
  ['Fatigue policy and segments', segments], ['Campaigns', campaigns], ['People', people], ['Results', results],
];

/**
 * Runs the demo and cleans up after it, also on a signal.
 * @param {ReturnType<import('./options.mjs').readOptions>} options
 * @returns {Promise<number>} exit code
 */
export async function runDemo(options) {
  const servers = new Servers();
  const interrupted = untilInterrupted();
  const failed = new Promise((_, reject) => (servers.onFailure = reject));
  failed.catch(() => undefined);
  try {
    const round = goRound(options, servers);
    round.catch(() => undefined); // a signal may have won the race
    const ended = await Promise.race([round, interrupted, failed]);
    if (ended.signal) return 128 + constants.signals[ended.signal];
    if (options.keep) await Promise.race([interrupted, failed]);
    return ended.code;
  } catch (error) {
    if (!(error instanceof Told)) throw error;
    console.error(`\n${error.message}${error.status >= 500 ? servers.logTail() : ''}`);
    return 1;
  } finally {
    await servers.stop();
  }
}

async function goRound(options, servers) {
  const bars = new Bars(process.stdout);
  const began = performance.now();
  const run = { options, servers, bars, line: (text) => bars.line(text), checks: [] };
  bars.line('Rapport, once round the loop, on real components: Postgres, Redis, FCM over HTTP/2 and SMTP in processes of their own.');
  for (const [index, [title, stage]] of STAGES.entries()) {
    bars.line(`\n${index + 1}. ${title}`);
    await stage(run);
  }
  return conclude(run, (performance.now() - began) / 1000);
}

function conclude({ line, checks, url, launched, adminKey, log, options }, elapsed) {
  const broken = checks.filter(({ holds }) => !holds);
  line('\nWhere to look');
  line(`  ${'API page'.padEnd(14)} ${url}/docs`);
  for (const { id, definition } of launched) {
    line(`  ${definition.name.padEnd(14)} ${url}/v1/campaigns/${id}/results   a page with plots: ${url}/v1/campaigns/${id}/report`);
  }
  if (options.keep) {
    line(`  ${'Admin key'.padEnd(14)} ${adminKey}   (of this run only), for example`);
    line(`  ${''.padEnd(14)} curl -H 'Authorization: Bearer ${adminKey}' ${url}/v1/campaigns/${launched[0].id}/results`);
    line(`  ${'Log'.padEnd(14)} ${log}`);
  }
  line(`\n${broken.length === 0 ? `All ${checks.length} checks held` : `${broken.length} of ${checks.length} checks did NOT hold`}; the whole took ${seconds(elapsed)}.`);
  line(options.keep ? 'Server and gateways stay up until Ctrl-C.' : 'Servers and data are gone now; npm run demo -- --keep leaves them up to look around.');
  return { code: broken.length === 0 ? 0 : 1 };
}

/** Resolves to the signal that asks for an end; a second one is not listened to, cleaning up takes its few seconds. */
function untilInterrupted() {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        console.error('\nStopping and cleaning up …');
        done({ signal });
      });
    }
    // npm killed by -9 passes no signal on.
    if (process.env.npm_lifecycle_event) watchParent(() => done({ signal: 'SIGTERM' }));
  });
}
