import { checkTemplate, compileTemplate } from './template-compiler.js';
import { checkContent } from './template-content.js';
import { cpuTime } from '../platform/clock/index.js';

const repeat = (text: string, n: number): string => text.repeat(n);
const ast = (body: unknown[]): unknown => ({ type: 'Program', body, strip: {}, blockParams: [] });
const path = (over: object): object => ({ type: 'PathExpression', data: false, depth: 0, parts: ['x'], original: 'x', ...over });

/** Templates that must never reach the compiler: as text, and as what JSON can send in its place. */
const HOSTILE: [string, unknown][] = [
  // What is no text: a syntax tree would be compiled as it is (CVE-2021-23369, CVE-2026-33937).
  ['a syntax tree', ast([])],
  ['a syntax tree with code in a number', ast([{ type: 'MustacheStatement', path: path({}), params: [{ type: 'NumberLiteral', value: 'process.exit()' }], escaped: true, strip: {} }])],
  ['a syntax tree with code in a depth', ast([{ type: 'MustacheStatement', path: path({ depth: '0;process.exit()' }), params: [], escaped: true, strip: {} }])],
  ['an array', ['{{a}}']], ['a number', 1], ['null', null], ['true', true], ['an object with toString', { toString: '{{a}}' }], ['an object with length', { length: 5, type: 'Program' }],
  // Prototypes (CVE-2019-19919, CVE-2019-20920 and their kin).
  ['constructor', '{{constructor}}'], ['a constructor of a constructor', '{{user.constructor.constructor}}'], ['__proto__', '{{__proto__}}'],
  ['__proto__ in brackets', '{{user.[__proto__].polluted}}'], ['__proto__ as a literal', "{{'__proto__'}}"], ['constructor by slash', '{{user/constructor}}'],
  ['constructor as an argument', '{{upper user.constructor}}'], ['constructor as a condition', '{{#if user.constructor.name}}x{{/if}}'],
  ['constructor of this', '{{this.constructor}}'], ['constructor of the parent', '{{#each a}}{{../constructor}}{{/each}}'], ['constructor of the root', '{{@root.constructor}}'],
  ['prototype', '{{user.prototype}}'], ['toString', '{{toString}}'], ['valueOf', '{{user.valueOf}}'], ['hasOwnProperty', '{{hasOwnProperty "a"}}'],
  ['__defineGetter__', '{{#with this as |o|}}{{o.__defineGetter__}}{{/with}}'], ['__lookupGetter__', '{{__lookupGetter__ "constructor"}}'],
  ['constructor as a block', '{{#constructor}}x{{/constructor}}'], ['the well-known chain', '{{#with "s" as |string|}}{{#with "e"}}{{#with split as |conslist|}}{{this.pop}}{{this.push (lookup string.sub "constructor")}}{{/with}}{{/with}}{{/with}}'],
  ['constructor in a named argument', '{{plural 1 one=user.constructor other="b"}}'], ['__proto__ as a name', '{{plural 1 __proto__="a" other="b"}}'],
  // Helpers that are not ours.
  ['lookup', '{{lookup user "constructor"}}'], ['a dynamic lookup', '{{lookup user user.attributes.key}}'], ['a nested lookup', '{{upper (lookup user "a")}}'],
  ['lookup in a condition', '{{#if (lookup this "a")}}x{{/if}}'], ['log', '{{log "x"}}'], ['log with a level', '{{log "x" level="error"}}'], ['helperMissing', '{{helperMissing a}}'],
  ['blockHelperMissing', '{{#blockHelperMissing a}}x{{/blockHelperMissing}}'], ['a block of a variable', '{{#user}}x{{/user}}'], ['an inverse block of a variable', '{{^user}}x{{/user}}'],
  ['our own output helper', '{{[#output] user "plain" "x"}}'], ['our own marker', '{{[#variable] user}}'], ['eval', '{{eval "1"}}'], ['require', '{{require "fs"}}'],
  ['a helper through this', '{{this.upper user}}'], ['a helper through the parent', '{{#each a}}{{../upper b}}{{/each}}'], ['a helper through data', '{{@root.upper user}}'],
  ['a data variable of ours', '{{@render.budget}}'], ['a data variable of Handlebars', '{{@partial-block}}'], ['a data variable with a parent', '{{@_parent.root}}'],
  ['a block parameter named like a helper', '{{#each a as |default|}}{{default}}{{/each}}'], ['a block parameter in brackets', '{{#each a as |[#output]|}}x{{/each}}'],
  ['parameters of if', '{{#if a as |b|}}{{b}}{{/if}}'], ['a format helper as a block', '{{#upper a}}x{{/upper}}'], ['a block as a helper', '{{if a b}}'], ['each as a subexpression', '{{upper (each a)}}'],
  // Partials, decorators, unescaped output, raw blocks.
  ['a partial', '{{> x}}'], ['a dynamic partial', '{{> (upper "x")}}'], ['a partial block', '{{#> x}}{{/x}}'], ['the partial block itself', '{{> @partial-block}}'], ['an inline partial', '{{#*inline "x"}}{{/inline}}'],
  ['a decorator', '{{* x}}'], ['three braces', '{{{user.userId}}}'], ['an ampersand', '{{&user.userId}}'], ['an ampersand with blanks', '{{~ &user.userId}}'], ['three braces with a tilde', '{{~{user.userId}~}}'],
  ['a raw block', '{{{{if}}}} {{x}} {{{{/if}}}}'], ['a raw block of another name', '{{{{raw}}}} x {{{{/raw}}}}'],
  // Size and depth.
  ['5,000 nested blocks', repeat('{{#if a}}', 5_000) + repeat('{{/if}}', 5_000)], ['5,000 open blocks', repeat('{{#if a}}', 5_000)], ['17 nested blocks', repeat('{{#if a}}', 17) + repeat('{{/if}}', 17)],
  ['100,000 mustaches', repeat('{{a}}', 100_000)], ['13,000 mustaches', repeat('{{a}}', 13_000)], ['501 mustaches', repeat('{{a}}', 501)], ['501 mustaches in comments', `{{!-- ${repeat('{{a', 501)} --}}`],
  ['101 blocks', repeat('{{#if a}}b{{/if}}', 101)], ['a chain of 101 else if', `{{#if a}}${repeat('{{else if a}}', 101)}{{/if}}`], ['a megabyte of text', repeat('x', 1_048_576)], ['64 KB and a byte', repeat('x', 65_537)],
  ['64 KB in UTF-8', repeat('ä', 33_000)], ['60,000 brackets', '{{upper ' + repeat('(', 60_000)], ['nested parentheses', `{{upper ${repeat('(upper ', 9)}a${repeat(')', 9)}}}`],
  ['a path of 30,000 segments', `{{${repeat('a.', 30_000)}a}}`], ['a path of 17 segments', `{{${repeat('a.', 16)}a}}`], ['20,000 parents', `{{#each a}}{{${repeat('../', 20_000)}a}}{{/each}}`],
  ['a long mustache behind a quoted end', `{{upper "}}" ${repeat('a.', 30_000)}a}}`], ['9,000 arguments', `{{default ${repeat('a ', 9_000)}}}`], ['9 arguments', '{{default a b c d e f g h i}}'],
  ['60,000 line breaks before a block', `${repeat('\n', 60_000)}x{{#if a}}b{{/if}}`], ['blanks in a row', `a${repeat(' ', 300)}{{a}}`], ['30,000 openings', repeat('{{', 30_000)], ['an open comment', `{{!-- ${repeat('x', 60_000)}`],
  ['12,000 open comments', repeat('{{!--', 12_000)], ['an open mustache', `{{${repeat(' ', 200)}`], ['an open quote', '{{upper "abc}}'], ['an open bracket', '{{user.[abc}}'], ['closings without openings', repeat('{{/if}}', 50)],
  ['crossed blocks', '{{#if a}}{{#each b}}{{/if}}{{/each}}'], ['a close of another name', '{{#if a}}{{/unless}}'], ['an empty mustache', '{{}}'], ['a literal', '{{"a"}}'], ['a number literal', '{{5}}'],
  ['a helper without arguments', '{{upper}}'], ['a helper with too many', '{{upper a b}}'], ['an unknown named argument', '{{upper a evil=1}}'], ['default without fallback', '{{default a}}'], ['if without condition', '{{#if}}x{{/if}}'],
  ['if with two', '{{#if a b}}x{{/if}}'], ['if with includeZero', '{{#if a includeZero=true}}x{{/if}}'], ['plural without other', '{{plural n one="a"}}'], ['plural with one word', '{{plural n "a"}}'],
];

describe('a hostile template', () => {
  // The parser warms up once; a server has read a template before it meets its first attacker, and one cold start is no attack.
  beforeAll(() => checkTemplate('{{#if a}}{{upper (default b.c "d")}}{{/if}}', 'html', 'p'));

  it('has a corpus of at least 60', () => expect(HOSTILE.length).toBeGreaterThanOrEqual(60));

  it.each(HOSTILE)('%s is refused in under 50 ms, with its path', (_, source) => {
    const times = [1, 2, 3].map(() => {
      const start = cpuTime();
      const mistakes = checkTemplate(source, 'plain', 'content.en.title');
      const took = cpuTime() - start;
      expect(mistakes.length).toBeGreaterThan(0);
      expect(mistakes.every((mistake) => mistake.path === 'content.en.title' && mistake.message.length < 400)).toBe(true);
      return took;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });

  it.each(HOSTILE)('%s is never compiled', (_, source) => {
    expect(() => compileTemplate(source as string, 'plain', 'content.en.title')).toThrow(/content\.en\.title/);
  });

  it('pollutes nothing', () => expect(({} as Record<string, unknown>)['polluted']).toBeUndefined());
});

describe('a hostile content', () => {
  const rules = { mailFromDomains: [], checkTemplate };
  const quickest = (work: () => unknown): number => Math.min(...[1, 2, 3].map(() => {
    const start = cpuTime();
    work();
    return cpuTime() - start;
  }));

  it.each<[string, unknown]>([
    ['10,000 locales', Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`l${i}`, { title: 'a', body: 'b' }]))],
    ['10,000 data keys', { en: { title: 'a', body: 'b', data: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, '{{a}}'])) } }],
    ['20 texts of 60 KB', Object.fromEntries(['de', 'en', 'fr', 'es', 'it', 'nl', 'pt', 'pl', 'sv', 'da', 'fi', 'nb', 'cs', 'sk', 'hu', 'ro', 'bg', 'el', 'tr', 'uk'].map((l) => [l, { title: 'a', body: repeat('x {{a}}', 8_000) }]))],
    ['a tree as title', { en: { title: ast([]), body: 'b' } }],
    ['a list', ['x']],
    ['nothing', {}],
  ])('%s is refused in under 50 ms', (_, content) => {
    expect(checkContent('push', content, rules).length).toBeGreaterThan(0);
    expect(quickest(() => checkContent('push', content, rules))).toBeLessThan(50);
  });
});
