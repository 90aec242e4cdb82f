import { TEMPLATE_LIMITS, scanSource } from './template-limits.js';
import { cpuTime } from '../platform/clock/index.js';

const nested = (depth: number): string => '{{#if a}}'.repeat(depth) + '{{/if}}'.repeat(depth);

describe('the scan before the parser', () => {
  it.each<[string, unknown]>([
    ['5,000 levels', nested(5_000)], ['17 levels', nested(17)], ['501 mustaches', '{{a}}'.repeat(501)], ['101 blocks', nested(1).repeat(101)], ['101 else if', `{{#if a}}${'{{else if a}}'.repeat(101)}`],
    ['101 inverse blocks', '{{^if a}}b{{/if}}'.repeat(101)], ['a tree', { type: 'Program', body: [] }], ['64 KB and one', 'x'.repeat(65_537)], ['a mustache of 1,001', `{{${'a'.repeat(1_001)}}}`],
    ['9 parentheses', `{{upper ${'('.repeat(9)}`], ['a partial', '{{~#> a}}'], ['a decorator', '{{#* a}}'], ['three braces', 'x{{{a}}}'], ['an ampersand', '{{~& a}}'], ['a raw block', '{{{{a}}}}'],
  ])('refuses %s', (_, source) => {
    expect(scanSource(source, 'p')).toEqual([{ path: 'p', message: expect.any(String) }]);
  });

  it.each<[string, string]>([
    ['16 levels', nested(16)], ['500 mustaches', '{{a}}'.repeat(500)], ['100 blocks', '{{#if a}}{{else}}{{/if}}'.repeat(100)], ['64 KB', 'x'.repeat(65_536)], ['a quoted end', '{{upper "}}"}} {{upper "a\\"}}"}} {{user.[}}]}}'],
    ['escaped mustaches', '\\{{{{a}} \\{{#if a}} '.repeat(20)], ['mustaches in comments', '{{!-- {{{a}}} {{> b}} --}} {{! x }}'], ['CSS and JSON', '@media x{p{color:red}} {"a":{"b":{}}}'], ['a backslash before a mustache', '\\\\{{a}}'],
  ])('lets %s through', (_, source) => {
    expect(scanSource(source, 'p')).toEqual([]);
  });

  it('says where', () => {
    expect(scanSource('a\n  {{> b}}', 'p')[0]?.message).toBe('partials are not allowed (line 2, column 3)');
  });

  it('stays linear at its limits', () => {
    expect(TEMPLATE_LIMITS.sourceBytes).toBe(65_536);
    for (const source of [`{{"${'\\'.repeat(65_000)}`, `{{!--${'--}'.repeat(21_000)}`, '\\{{'.repeat(160).padEnd(65_000, ' x'), `${'\n x'.repeat(21_000)}{{a}}`]) {
      const times = [1, 2, 3].map(() => {
        const start = cpuTime();
        scanSource(source, 'p');
        return cpuTime() - start;
      });
      expect(Math.min(...times)).toBeLessThan(30);
    }
  });
});
