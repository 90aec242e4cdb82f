import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { armFaults, passesOf } from '../../src/platform/failpoints/index.js';
import { createCampaign, launch, putPolicy } from '../factories/campaigns.js';
import { faults } from './counts.js';
import { InProcess } from './in-process.js';

const USERS = 6;
/** Every query at night; for a pull request one in so many, others each time. */
const STRIDE = faults(8, 1);
const SEED = Number(process.env.RAPPORT_SEED ?? Math.floor(Date.now() / 1_000));
const CAP = { limit: 1, windowMs: 24 * 3_600_000 };

/**
 * After SQLite's tests: fail the first query of a run, then the second, and so on until a run has no such query any more. Before
 * the query the database has not heard of it; after it the database has done it and nobody knows.
 */
describe.each(['query.before', 'query.after'])('a run whose N-th query fails (%s), for every N', (point) => {
  let folder: string;
  let place: InProcess;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rapport-nth-'));
    place = await InProcess.start(USERS, join(folder, 'gateway.jsonl'));
    await putPolicy(place.app, { caps: [{ key: 'day', channel: 'push', limit: CAP.limit, window: { type: 'rolling', duration: 'PT24H' } }] });
  });
  afterAll(async () => {
    armFaults([]);
    await place?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('ends with every invariant true', async () => {
    for (let n = 1 + (SEED % STRIDE); ; n += STRIDE) {
      // Two days on, so that the cap of one run says nothing about the next; the provider's log is looked at run by run.
      place.clock.advance({ days: 2 });
      await place.app.db.raw('update devices set last_seen_at = $1', [place.clock.now()]);
      const already = new Set((await place.history()).rows.map((row) => row.runId));
      for (let i = 0; i < 2; i++) await launch(place.app, await createCampaign(place.app, { priority: i }));
      armFaults([{ name: point, nth: n, action: 'throw' }]);
      await place.drive('planner', 'sender', 'reaper', 'campaign-scheduler');
      const struck = passesOf(point) >= n;
      armFaults([]);
      await place.drain();
      const whole = await place.history();
      const history = whole.ofRuns((runId) => !already.has(runId));
      const broken = history.violations(USERS, CAP);
      if (history.count('sent') + history.count('unknown') !== USERS) broken.push(`${history.count('sent')} sent, ${history.count('unknown')} unknown of ${USERS}`);
      if (broken.length > 0) throw new Error(`RAPPORT_SEED=${SEED}: failing query ${n} (${point}):\n${broken.join('\n')}`);
      if (!struck) {
        expect(history.count('unknown')).toBe(0);
        expect(n).toBeGreaterThan(30);
        return;
      }
    }
  });
});
