import { auth, startTestApp, type TestApp } from '../support/test-app.js';
import { LedgerFactory, type LedgerCampaign } from '../factories/ledger.js';

let t: TestApp;
let ledger: LedgerFactory;
beforeAll(async () => {
  t = await startTestApp();
  ledger = new LedgerFactory(t.db);
  await ledger.topic('promo');
});
afterAll(() => t?.close());

/** `sent` messages settled at `at`, of which the first `optOuts` ended in one. */
async function send(campaign: LedgerCampaign, sent: number, optOuts: number, at: string): Promise<void> {
  for (let n = 0; n < sent; n++) {
    const user = await ledger.user(`u-${campaign.id}-${at}-${n}`);
    const ref = await ledger.delivery(campaign, user, { at });
    if (n < optOuts) {
      await t.db.raw(`insert into message_facts (month, user_id, delivery_id, campaign_id, run_id, channel, unsubscribed_at, updated_at)
        values ($1, $2, $3, $4, $5, 'push', $6, $6)`, [ref.month, ref.userId, ref.id, campaign.id, campaign.runId, at]);
    }
  }
}

const read = async (id: string) => (await t.http.get(`/v1/campaigns/${id}`).set(auth(t.keys.marketer)).expect(200)).body;

it('pauses a running campaign whose opt-outs are surely too many, says the figures, and begins afresh when resumed', async () => {
  const bad = await ledger.campaign({ topic: 'promo' });
  const fine = await ledger.campaign({ topic: 'promo' });
  await send(bad, 80, 12, '2026-03-01T12:00:00Z');
  await send(fine, 80, 3, '2026-03-01T12:00:00Z');
  await t.loop('opt-out-guard');
  const paused = await read(bad.id);
  expect(paused.status).toBe('paused');
  expect(paused.statusReason).toMatch(/^Paused by itself: 12 of 80 messages ended in an opt-out \(15\.0 %\); with 95 % certainty the rate is above \d\.\d\d %, and 2\.00 % are tolerated/);
  expect((await read(fine.id)).status).toBe('running');

  await t.db.raw(`update campaigns set status = 'running', status_reason = null where id = $1`, [bad.id]);
  await t.loop('opt-out-guard');
  expect((await read(bad.id)).status).toBe('running');
  await send(bad, 40, 9, '2026-03-03T12:00:00Z');
  await t.loop('opt-out-guard');
  expect((await read(bad.id)).statusReason).toContain('9 of 40 messages');
});

it('tolerates what the settings say', async () => {
  await t.http.patch('/v1/settings').set(auth(t.adminKey)).send({ optOutTolerance: 0.5 }).expect(200);
  const campaign = await ledger.campaign({ topic: 'promo' });
  await send(campaign, 40, 12, '2026-03-01T12:00:00Z');
  await t.loop('opt-out-guard');
  expect((await read(campaign.id)).status).toBe('running');
});
