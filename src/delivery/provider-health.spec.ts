import type { SendResult } from '../channels/index.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { outcomeOf } from './delivery-state.js';
import { mailVerdict } from './mail-health.js';
import { RefusalWindow } from './refusal-window.js';

const refused = (permanent: boolean): SendResult => ({ kind: 'refused', code: 'X', permanent, addressGone: false, class: 'server' });
const ambiguous: SendResult = { kind: 'ambiguous', code: 'TIMEOUT' };
const soon = (): number => 1_000;

describe('outcomeOf', () => {
  it('never retries a doubt under skip, twice under resend', () => {
    expect(outcomeOf([ambiguous], 0, soon, 'skip')).toEqual({ state: 'unknown' });
    expect(outcomeOf([ambiguous], 0, soon, 'resend')).toEqual({ state: 'queued', refused: false, doubt: true, delayMs: 1_000 });
    expect(outcomeOf([ambiguous], 1, soon, 'resend')).toMatchObject({ state: 'queued', doubt: true });
    expect(outcomeOf([ambiguous], 2, soon, 'resend')).toEqual({ state: 'unknown' });
  });

  it('is sent as soon as one device has it, whatever the others say', () => {
    expect(outcomeOf([ambiguous, { kind: 'accepted' }, refused(false)], 0, soon, 'resend')).toEqual({ state: 'sent' });
  });

  it('gives an explicit refusal three attempts in all', () => {
    expect([0, 1, 2].map((attempts) => outcomeOf([refused(false)], attempts, soon).state)).toEqual(['queued', 'queued', 'failed']);
  });
});

describe('CircuitBreaker', () => {
  const failing = (breaker: CircuitBreaker, n: number, now: number): boolean[] => Array.from({ length: n }, () => breaker.report('server', now));

  it('opens when half of what comes back is one and the same trouble, and rests longer each time', () => {
    const breaker = new CircuitBreaker();
    expect(failing(breaker, 49, 0)).not.toContain(true);
    expect(failing(breaker, 1, 0)).toEqual([true]);
    expect(breaker.restMs(0)).toBe(1_000);
    expect(breaker.restMs(1_000)).toBe(0);
    expect(breaker.probing).toBe(true);
    expect(failing(breaker, 10, 1_000).at(-1)).toBe(true);
    expect(breaker.restMs(1_000)).toBe(2_000);
  });

  it('stays closed under different troubles, and under a minority', () => {
    const breaker = new CircuitBreaker();
    for (let i = 0; i < 300; i++) expect(breaker.report((['server', 'quota', 'unreachable'] as const)[i % 3]!, 0)).toBe(false);
    for (let i = 0; i < 300; i++) expect(breaker.report(i % 3 === 0 ? 'server' : 'well', 0)).toBe(false);
  });

  it('closes with the first message that arrives, and rests as long as was asked for', () => {
    const breaker = new CircuitBreaker();
    for (let i = 0; i < 50; i++) breaker.report('quota', 0, 60_000);
    expect(breaker.restMs(0)).toBe(60_000);
    breaker.report('well', 60_000);
    expect(breaker.probing).toBe(false);
  });
});

describe('RefusalWindow', () => {
  it('asks for a pause at the twentieth refusal among the last 200, not at the nineteenth', () => {
    const window = new RefusalWindow();
    for (let i = 0; i < 19; i++) expect(window.add('INVALID_ARGUMENT')).toBeUndefined();
    for (let i = 0; i < 180; i++) expect(window.add(null)).toBeUndefined();
    expect(window.add('INVALID_ARGUMENT')).toMatch(/^The provider refused 20 of the last 200 messages \(INVALID_ARGUMENT\)/);
  });

  it('forgets what is longer ago than 200 messages', () => {
    const window = new RefusalWindow();
    for (let i = 0; i < 2_000; i++) expect(window.add(i % 20 === 0 ? 'INVALID_ARGUMENT' : null)).toBeUndefined();
  });
});

describe('mailVerdict', () => {
  it.each([
    [{ sent: 99, bounced: 99, complained: 99 }, 'nothing'],
    [{ sent: 1_000, bounced: 49, complained: 0 }, 'nothing'],
    [{ sent: 1_000, bounced: 50, complained: 0 }, 'pause'],
    [{ sent: 100, bounced: 0, complained: 1 }, 'nothing'],
    [{ sent: 2_000, bounced: 0, complained: 2 }, 'warn'],
    [{ sent: 1_000, bounced: 0, complained: 3 }, 'pause'],
  ])('%j: %s', (counts, what) => expect(mailVerdict(counts).do).toBe(what));
});
