import { parseEventRow } from './event-row.js';

const NOW = new Date('2026-03-02T12:00:00Z');
const GOOD = { eventId: 'e1', userId: 'u1', name: 'purchase', occurredAt: '2026-03-01T10:00:00+01:00' };

function pathOf(row: unknown): string | undefined {
  const parsed = parseEventRow(row, NOW);
  if (parsed.ok) throw new Error('the row was taken');
  expect(parsed.message).not.toBe('');
  return parsed.path;
}

describe('parseEventRow', () => {
  it('reads a whole row', () => {
    const row = { ...GOOD, value: -12.5, currency: 'EUR', properties: { sku: 'a', nested: { n: [1, null] } } };
    expect(parseEventRow(row, NOW)).toEqual({
      ok: true,
      event: {
        eventId: 'e1', userId: 'u1', name: 'purchase', occurredAt: new Date('2026-03-01T09:00:00Z'), value: -12.5, currency: 'EUR',
        properties: '{"sku":"a","nested":{"n":[1,null]}}',
      },
    });
  });

  it('takes null for absent in optional fields', () => {
    expect(parseEventRow({ ...GOOD, value: null, currency: null, properties: null }, NOW)).toMatchObject({
      ok: true, event: { value: null, currency: null, properties: null },
    });
  });

  it('takes events of long ago and up to 24 h ahead', () => {
    expect(parseEventRow({ ...GOOD, occurredAt: '1997-01-01T00:00:00Z' }, NOW).ok).toBe(true);
    expect(parseEventRow({ ...GOOD, occurredAt: '2026-03-03T12:00:00Z' }, NOW).ok).toBe(true);
    expect(pathOf({ ...GOOD, occurredAt: '2026-03-03T12:00:00.001Z' })).toBe('occurredAt');
  });

  it.each([
    [{ eventId: '' }, 'eventId'], [{ eventId: 7 }, 'eventId'], [{ eventId: 'x'.repeat(256) }, 'eventId'], [{ userId: null }, 'userId'],
    [{ name: ['a'] }, 'name'], [{ occurredAt: '2026-03-01' }, 'occurredAt'], [{ occurredAt: 1764000000 }, 'occurredAt'],
    [{ value: '12' }, 'value'], [{ value: Infinity }, 'value'], [{ value: 1e15 }, 'value'], [{ value: {} }, 'value'],
    [{ currency: 'eur' }, 'currency'], [{ currency: 'EURO' }, 'currency'], [{ currency: 978 }, 'currency'],
    [{ properties: [] }, 'properties'], [{ properties: 'a' }, 'properties'], [{ properties: { a: 'x'.repeat(32 * 1024) } }, 'properties'],
    [{ properties: { n: Infinity } }, 'properties'], [{ surprise: 1 }, 'surprise'], [{ name: 'a\0b' }, 'name'],
    [{ properties: { a: { b: '\ud800' } } }, 'properties.a.b'],
  ])('refuses %j and names %s', (change, path) => {
    expect(pathOf({ ...GOOD, ...change })).toBe(path);
  });

  it.each(['eventId', 'userId', 'name', 'occurredAt'])('needs %s', (field) => {
    const { [field as 'name']: _, ...rest } = GOOD;
    expect(pathOf(rest)).toBe(field);
  });

  it('refuses what is no object, and keys that would pollute a prototype', () => {
    for (const row of [null, 1, 'x', [], undefined]) expect(pathOf(row)).toBeUndefined();
    expect(pathOf({ ...GOOD, properties: JSON.parse('{"__proto__": {"admin": true}}') })).toBe('properties');
  });
});
