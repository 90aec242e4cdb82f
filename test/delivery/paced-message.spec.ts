import type { SendBudget } from '../../src/channels/index.js';
import type { Slice } from '../../src/delivery/claims.js';
import { SliceSender } from '../../src/delivery/slice-sender.js';
import { FakeClock } from '../support/fake-clock.js';

const clock = new FakeClock();

/**
 * Sends a throttled slice of one message for two devices.
 * @returns the tokens that got a request, what became of the message, and how long each request was let wait for a connection, in ms
 */
async function send(pace: { firstIn: number; gapMs: number }, onRequest: () => void = () => undefined) {
  const tokens: string[] = [];
  const waits: (number | undefined)[] = [];
  const push = async ({ token }: { token: string }, { startMs }: SendBudget) => {
    tokens.push(token);
    waits.push(startMs);
    onRequest();
    return { kind: 'accepted' };
  };
  const sender = new SliceSender(
    { modes: { push: 'sandbox' }, push: { send: push } } as never,
    { turn: async () => undefined, compose: async () => ({ ok: true, channel: 'push', push: {} }) } as never,
    clock, { next: () => 0 } as never, { env: { SLICE_LEASE_MS: 20_000, REQUEST_TIMEOUT_MS: 10_000 } } as never,
    { note: () => undefined } as never, {} as never,
  );
  const claimedAt = clock.monotonic();
  const [sent] = await sender.send({
    lease: { channel: 'push' }, campaign: { campaignId: '1', definition: { onDoubt: 'skip' } }, claimedAt,
    deliveries: [{ row: { id: '1', internalId: '1', attempts: 0 }, devices: [{ token: 'phone' }, { token: 'tablet' }], messageId: 'm' }],
    pace: { offsetsMs: [0], gapMs: pace.gapMs, requests: 2, leadMs: 0, firstAt: claimedAt + pace.firstIn, slackMs: 2_000 },
  } as unknown as Slice);
  return { tokens, outcome: sent!.outcome, waits };
}

describe('a throttled message for two devices', () => {
  it('gets a request for each', async () => {
    expect(await send({ firstIn: 1, gapMs: 5 })).toMatchObject({ tokens: ['phone', 'tablet'], outcome: { state: 'sent' } });
  });

  it('whose second request would leave from too old a claim is given back before the first leaves', async () => {
    expect(await send({ firstIn: 1, gapMs: 4_500 })).toMatchObject({ tokens: [], outcome: { state: 'queued', refused: false } });
  });

  it('whose process stands still between the two lets no request leave too late for the throttle', async () => {
    const stands = () => clock.advance({ ms: 2_006 });
    expect(await send({ firstIn: 0, gapMs: 5 }, stands)).toMatchObject({ tokens: ['phone'], outcome: { state: 'sent' } });
  });

  it('waits for a connection no longer than the throttle lets each request be late', async () => {
    expect((await send({ firstIn: 1, gapMs: 5 })).waits).toEqual([2_001, 2_006]);
    const stands = () => clock.advance({ ms: 1_500 });
    expect((await send({ firstIn: 0, gapMs: 5 }, stands)).waits).toEqual([2_000, 505]);
  });
});
