import fc from 'fast-check';
import { creditedMessage, type Goal, type TouchedMessage } from './attribution.js';

const T = Date.parse('2026-03-10T12:00:00Z');
const HOUR = 3_600_000;
const at = (hoursBefore: number): Date => new Date(T - hoursBefore * HOUR);
const goal = (campaignId: string, attribution: Goal['attribution'] = 'sent', hours = 72): Goal =>
  ({ campaignId, event: 'purchase', windowMs: hours * HOUR, attribution });
const message = (id: string, campaignId: string, sent: number, opened?: number, clicked?: number): TouchedMessage => ({
  id, campaignId, sentAt: at(sent), openedAt: opened === undefined ? null : at(opened), clickedAt: clicked === undefined ? null : at(clicked),
});
const purchase = { name: 'purchase', occurredAt: new Date(T) };
const credit = (messages: TouchedMessage[], goals: Goal[]): string | undefined => creditedMessage(purchase, messages, goals)?.id;

describe('last-touch credit', () => {
  it('goes to the last message within its window', () => {
    expect(credit([message('1', 'a', 30), message('2', 'b', 10)], [goal('a'), goal('b')])).toBe('2');
    expect(credit([message('1', 'a', 30), message('2', 'b', 10)], [goal('a'), goal('b', 'sent', 8)])).toBe('1');
    expect(credit([message('1', 'a', 80)], [goal('a')])).toBeUndefined();
  });

  it('a touch counts at the instant of the conversion and no longer a whole window before it', () => {
    expect(credit([message('1', 'a', 0)], [goal('a')])).toBe('1');
    expect(credit([message('1', 'a', 72)], [goal('a')])).toBeUndefined();
    expect(credit([message('1', 'a', 72 - 1e-6)], [goal('a')])).toBe('1');
    expect(credit([message('1', 'a', -1e-6)], [goal('a')])).toBeUndefined();
  });

  it('needs the step that the campaign asks for', () => {
    expect(credit([message('1', 'a', 5)], [goal('a', 'opened')])).toBeUndefined();
    expect(credit([message('1', 'a', 200, 5)], [goal('a', 'opened')])).toBe('1');
    expect(credit([message('1', 'a', 5, 4)], [goal('a', 'clicked')])).toBeUndefined();
    expect(credit([message('1', 'a', 5, 4, 3), message('2', 'b', 3.5)], [goal('a', 'clicked'), goal('b')])).toBe('1');
  });

  it('a tie goes to clicked, then opened, then sent, then the later message, then the higher id', () => {
    const three = [message('9', 's', 4), message('5', 'o', 8, 4), message('1', 'c', 9, 6, 4)];
    const goals = [goal('s'), goal('o', 'opened'), goal('c', 'clicked')];
    expect(credit(three, goals)).toBe('1');
    expect(credit(three.slice(0, 2), goals)).toBe('5');
    expect(credit([message('7', 'o', 6, 4), message('8', 'o', 9, 4)], goals)).toBe('7');
    expect(credit([message('9', 's', 4), message('10', 's', 4)], goals)).toBe('10');
  });

  it('other events and other campaigns get nothing', () => {
    expect(creditedMessage({ ...purchase, name: 'signup' }, [message('1', 'a', 1)], [goal('a')])).toBeUndefined();
    expect(credit([message('1', 'a', 1)], [goal('b')])).toBeUndefined();
  });

  it('no order of the same messages changes the credit', () => {
    const hours = fc.integer({ min: 0, max: 12 });
    const some = fc.array(fc.record({ campaign: fc.constantFrom('a', 'b', 'c'), sent: hours, opened: fc.option(hours), clicked: fc.option(hours) }), { maxLength: 8 });
    const goals = [goal('a', 'sent', 6), goal('b', 'opened', 9), goal('c', 'clicked', 12)];
    fc.assert(fc.property(some.chain((drawn) => {
      const messages = drawn.map((d, i) => message(String(i + 1), d.campaign, d.sent, d.opened ?? undefined, d.clicked ?? undefined));
      return fc.tuple(fc.constant(messages), fc.shuffledSubarray(messages, { minLength: messages.length }));
    }), ([messages, shuffled]) => credit(messages, goals) === credit(shuffled, goals)), { numRuns: 1_000 });
  });
});
