import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvCell, csvRecord } from './csv.js';

const TRIGGERS = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '\uFF1D', '\uFF0B', '\uFF0D', '\uFF20'];

describe('CSV', () => {
  it('10,000 cells come back as they were, but for the apostrophe, and none starts a formula', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.tuple(fc.constantFrom(...TRIGGERS, ' ', '"', ',', "'"), fc.string()).map((t) => t.join('')));
    fc.assert(fc.property(fc.array(text, { minLength: 2, maxLength: 8 }), (cells) => {
      const [back] = parse(csvRecord(cells), { relax_column_count: true }) as string[][];
      back!.forEach((cell, i) => {
        expect([cells[i], `'${cells[i]!}`]).toContain(cell);
        expect(TRIGGERS.some((trigger) => cell.startsWith(trigger) || cell.trimStart().startsWith(trigger))).toBe(false);
      });
    }), { numRuns: 2_000 });
  });

  it('numbers stay numbers, times are ISO, nothing is empty', () => {
    expect(csvRecord([-5, 0.1, null, new Date('2026-03-01T00:00:00Z'), ['a', 'b'], NaN, 'x'])).toBe('-5,0.1,,2026-03-01T00:00:00.000Z,a;b,,x\r\n');
  });

  it('harmless texts are left alone', () => {
    for (const text of ['a=b', 'user@example.com', 'https://x/?a=1', 'Ünï', '1-2']) expect(csvCell(text)).toBe(text);
    expect(csvCell('say "hi", you')).toBe('"say ""hi"", you"');
  });
});
