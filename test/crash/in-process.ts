import { MessageIds } from '../../src/planning/index.js';
import { prepareCatalogue } from '../factories/campaigns.js';
import { insertReachableUsers } from '../factories/people.js';
import type { FakeClock } from '../support/fake-clock.js';
import { startGateways, type Gateways } from '../support/gateways.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { readHistory, RECORD_TRANSITIONS, type History } from './history-reader.js';

/** The sending half of an installation inside the test's own process, driven loop by loop, against the real gateway process. */
export class InProcess {
  private constructor(
    readonly app: TestApp,
    readonly gateways: Gateways,
    readonly log: string,
  ) {}

  static async start(users: number, log: string): Promise<InProcess> {
    const gateways = await startGateways({ log });
    const app = await startTestApp({ env: { FCM_ENDPOINT: gateways.fcmUrl, SMTP_URL: gateways.smtpUrl, SEND_CONCURRENCY: '1' } });
    await app.db.raw(RECORD_TRANSITIONS);
    await prepareCatalogue(app);
    await insertReachableUsers(app.db, users, 'u', app.clock.now());
    return new InProcess(app, gateways, log);
  }

  get clock(): FakeClock {
    return this.app.clock;
  }

  /** One more process on the same database. */
  another(): Promise<TestApp> {
    return startTestApp({
      databaseUrl: this.app.databaseUrl, clock: this.clock, env: { FCM_ENDPOINT: this.gateways.fcmUrl, SMTP_URL: this.gateways.smtpUrl, SEND_CONCURRENCY: '1' },
    });
  }

  /** Runs loops whatever becomes of them, as the timer does. */
  async drive(...loops: string[]): Promise<void> {
    for (const loop of loops) await this.app.loop(loop).catch(() => undefined);
  }

  /** As if every lease had run out and whatever rests had rested enough. */
  async timePasses(): Promise<void> {
    await this.app.db.raw(`update slices set lease_until = clock_timestamp() - interval '1 second' where closed_at is null`);
    await this.app.db.raw(`update chunks set lease_until = clock_timestamp() - interval '1 second' where closed_at is null and lease_until is not null`);
    this.clock.advance({ seconds: 61 });
  }

  /** Until nothing is left to do; some rounds are enough for three attempts. */
  async drain(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      await this.timePasses();
      await this.drive('planner', 'reaper', 'sender', 'reaper', 'campaign-scheduler');
    }
  }

  history(): Promise<History> {
    return readHistory(this.app.db, this.app.app.get(MessageIds), this.log);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.gateways.stop();
  }
}
