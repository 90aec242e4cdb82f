import { jest } from '@jest/globals';
import { COST, RENDER_LIMITS, RenderBudget, RenderFailure, type RenderState } from './render-state.js';
import { checkTemplate, compileTemplate } from './template-compiler.js';
import type { FieldKind } from './output-mode.js';
import { cpuTime } from '../platform/clock/index.js';

function state(over: Partial<RenderState> = {}): RenderState {
  return { budget: new RenderBudget(), locale: 'en', zone: 'UTC', currency: 'EUR', ...over };
}

function render(source: string, context: object = {}, kind: FieldKind = 'plain', over: Partial<RenderState> = {}): string {
  return compileTemplate(source, kind, 'content.en.body')(context, state(over));
}

const user = (attributes: Record<string, unknown>): object => ({ user: { userId: 'u1', attributes } });
const name = (firstName: unknown): object => user({ firstName });

describe('escaping goes by the channel', () => {
  const context = name("Tom & Jerry's <3");

  it('leaves a push and a text part as they are', () => {
    expect(render('Hi {{user.attributes.firstName}}!', context)).toBe("Hi Tom & Jerry's <3!");
  });

  it('escapes HTML content and quoted attributes', () => {
    expect(render('<p>{{user.attributes.firstName}}</p>', context, 'html')).toBe('<p>Tom &amp; Jerry&#x27;s &lt;3</p>');
    expect(render('<img alt="{{user.attributes.firstName}}">', name('"><script>'), 'html')).toBe('<img alt="&quot;&gt;&lt;script&gt;">');
  });

  it('never lets a helper print unescaped', () => {
    expect(render('{{upper user.attributes.firstName}} {{default user.attributes.x "<b>"}}', name('<i>'), 'html')).toBe('&lt;I&gt; &lt;b&gt;');
  });

  it('keeps a header on one line', () => {
    const evil = name('x\r\nBcc: all@example.com\u2028y\0z');
    expect(render('Hello {{user.attributes.firstName}}', evil, 'header')).toBe('Hello x Bcc: all@example.com y z');
  });
});

describe('a text without variables', () => {
  it.each([['There is something new.', 'There is something new.'], ['', ''], ['not \\{{this}} nor {that}', 'not {{this}} nor {that}'], [' a \n b ', ' a \n b ']])(
    '%j is what it says', (source, text) => expect(render(source)).toBe(text));

  it('counts like any other', () => {
    const budget = new RenderBudget();
    const spend = jest.spyOn(budget, 'spend');
    render('There is something new.', {}, 'plain', { budget });
    expect(spend).toHaveBeenCalledWith(1);
  });
});

describe('a variable that cannot be resolved', () => {
  const source = 'Hi {{user.attributes.firstName}},';

  it.each([['undefined', undefined], ['null', null], ['an empty text', ''], ['blanks', '  ']])('fails for %s and is named, so that nobody reads "Hi ,"', (_, value) => {
    expect(() => render(source, name(value))).toThrow(new RenderFailure('user.attributes.firstName has no value and no default'));
  });

  it('fails for a parent that does not exist', () => {
    expect(() => render('{{event.properties.sku}}', {})).toThrow('event.properties.sku has no value');
  });

  it('is rescued by default, through helpers and through missing parents', () => {
    expect(render('{{default user.attributes.a user.attributes.b "there"}}', user({ b: '' }))).toBe('there');
    expect(render('{{default (upper event.properties.sku) "none"}}', {})).toBe('none');
    expect(render('{{upper (default user.attributes.a "x")}}', user({}))).toBe('X');
    expect(render('[{{default user.attributes.a ""}}]', user({}))).toBe('[]');
    expect(render('{{default user.attributes.n 5}}', user({ n: 0 }))).toBe('0');
  });

  it('fails through a helper and through a default that is missing itself', () => {
    expect(() => render('{{upper user.attributes.a}}', user({}))).toThrow('user.attributes.a has no value');
    expect(() => render('{{default user.attributes.a user.attributes.b}}', user({}))).toThrow('user.attributes.a and user.attributes.b has no value');
  });

  it('is false in a condition, and no error', () => {
    expect(render('{{#if user.attributes.vip.since}}a{{else}}b{{/if}}', user({}))).toBe('b');
    expect(render('{{#unless event.value}}a{{/unless}}', {})).toBe('a');
    expect(render('{{#each event.properties.items}}x{{else}}none{{/each}}', {})).toBe('none');
    expect(render('{{#with user.attributes.address}}{{city}}{{else}}-{{/with}}', user({}))).toBe('-');
    expect(render('{{#if (default user.attributes.a user.attributes.b)}}a{{else}}b{{/if}}', user({}))).toBe('b');
  });

  it('never finds what every object inherits', () => {
    const plain = render.bind(null, '{{#each user.attributes.list}}{{this}}{{/each}}');
    expect(plain(user({ list: ['a', 'b'] }))).toBe('ab');
    expect(checkTemplate('{{user.constructor}}', 'plain', 'p')).toHaveLength(1);
  });

  it('fails for an object, which is no text', () => {
    expect(() => render('{{user.attributes}}', user({ a: 1 }))).toThrow('user.attributes is not text');
  });
});

describe('blocks', () => {
  it('have index, key, first, last, parents, parameters and else if', () => {
    const context = { ...user({ items: [{ title: 'a' }, { title: 'b' }], sizes: { s: 1, m: 2 } }), campaign: { name: 'c' } };
    expect(render('{{#each user.attributes.items}}{{@index}}{{title}}{{#unless @last}}, {{/unless}}{{/each}}', context)).toBe('0a, 1b');
    expect(render('{{#each user.attributes.items as |item i|}}{{i}}{{item.title}}{{@root.campaign.name}}{{/each}}', context)).toBe('0ac1bc');
    expect(render('{{#each user.attributes.sizes}}{{@key}}={{this}};{{/each}}', context)).toBe('s=1;m=2;');
    expect(render('{{#with user.attributes}}{{#each items}}{{../../campaign.name}}{{/each}}{{/with}}', context)).toBe('cc');
    expect(render('{{#if user.x}}1{{else if user.attributes.items}}2{{else}}3{{/if}}', context)).toBe('2');
  });

  it('do not let a field or a parameter named like a helper stand in for it', () => {
    expect(render('{{#each list}}{{title}} {{upper title}};{{/each}}', { list: [{ title: '<x>' }] }, 'html')).toBe('&lt;x&gt; &lt;X&gt;;');
    expect(checkTemplate('{{#each list as |upper|}}{{upper}}{{/each}}', 'html', 'p')).toHaveLength(1);
  });

  it('count 0 as false and 0 as printable', () => {
    expect(render('{{#if n}}a{{else}}{{n}}{{/if}}', { n: 0 })).toBe('0');
  });

  it('trim blank lines around themselves', () => {
    expect(render('a\n{{#if n}}\nb\n{{/if}}\nc', { n: 1 })).toBe('a\nb\nc');
  });
});

describe('helpers', () => {
  const cases: [string, string, string, object, Partial<RenderState>?][] = [
    ['number in the locale', '{{number n}}', '1.234,5', { n: 1234.5 }, { locale: 'de' }],
    ['number with decimals', '{{number n 2}}', '1,234.50', { n: '1234.5' }],
    ['currency of the settings', '{{currency n}}', '€9.90', { n: 9.9 }],
    ['currency by code', '{{currency n "usd"}}', '9,90 $', { n: 9.9 }, { locale: 'de' }],
    ['currency by variable', '{{currency event.value event.currency}}', '¥12', { event: { value: 12, currency: 'JPY' } }],
    ['date in the zone', '{{date d "yyyy-MM-dd HH:mm"}}', '2026-03-29 03:30', { d: '2026-03-29T01:30:00Z' }, { zone: 'Europe/Berlin' }],
    ['date by preset and locale', '{{date d "long"}}', '29. März 2026', { d: '2026-03-29T01:30:00Z' }, { locale: 'de' }],
    ['date by default preset', '{{date d}}', 'Mar 29, 2026', { d: '2026-03-29T01:30:00Z' }],
    ['a plain date in every zone', '{{date d "yyyy-MM-dd"}}', '2026-12-01', { d: '2026-12-01' }, { zone: 'America/Los_Angeles' }],
    ['date in a named zone', '{{date d "HH:mm" timezone="Asia/Tokyo"}}', '09:00', { d: new Date('2026-01-01T00:00:00Z') }],
    ['upper by language', '{{upper s}}', 'İZMİR', { s: 'izmir' }, { locale: 'tr' }],
    ['lower', '{{lower s}}', 'abc', { s: 'ABC' }],
    ['title', '{{title s}}', "Anna-Maria O'neill Øre", { s: "ANNA-maria o'NEILL øre" }],
    ['plural of two', '{{n}} {{plural n "item" "items"}}', '1 item', { n: 1 }],
    ['plural of others', '{{n}} {{plural n "item" "items"}}', '0 items', { n: 0 }],
    ['plural by category', '{{plural n one="plik" few="pliki" many="plików" other="pliku"}}', 'pliki', { n: 3 }, { locale: 'pl' }],
    ['plural with a word for zero', '{{plural n zero="nothing" one="one" other="some"}}', 'nothing', { n: 0 }],
  ];

  // As one object each: with a missing last element jest would take the parameter for its `done`.
  it.each(cases.map(([title, source, expected, context, over]) => ({ title, source, expected, context, over })))('$title', ({ source, expected, context, over }) => {
    expect(render(source, context, 'plain', over).replace(/[\u00a0\u202f]/g, ' ')).toBe(expected);
  });

  it.each([
    ['{{number s}}', 'is not a number'], ['{{currency 5 s}}', 'three letters'], ['{{date s}}', 'no date'],
    ['{{date "2026-01-01" timezone=s}}', 'IANA zone'], ['{{upper list}}', 'is not text'], ['{{#each s}}x{{/each}}', 'each needs a list'],
  ])('%s fails with a reason, not with nonsense', (source, reason) => {
    expect(() => render(source, { s: 'abcd', list: [1] })).toThrow(reason);
  });
});

describe('addresses', () => {
  it.each(['javascript:alert(1)', ' JavaScript:alert(1)', 'java\nscript:alert(1)', '\u0001javascript:x', 'data:text/html,x', 'vbscript:x', '//evil.example', 'evil', 'intent://x#Intent;end'])(
    'refuses %j from a variable in an href and in a deep link', (link) => {
      const context = name(link);
      expect(() => render('<a href="{{user.attributes.firstName}}">x</a>', context, 'html')).toThrow(RenderFailure);
      expect(() => render('{{user.attributes.firstName}}', context, 'url')).toThrow(RenderFailure);
    });

  it.each(['https://shop.example/a?b=c&d=e', 'shop:item/5', 'mailto:a@b.example'])('lets %s through', (link) => {
    expect(render('{{user.attributes.firstName}}', name(link), 'url')).toBe(link);
    expect(render('<a href="{{user.attributes.firstName}}">x</a>', name(link), 'html')).toBe(`<a href="${link.replace(/&/g, '&amp;')}">x</a>`);
  });

  it('encodes a variable as one component behind the question mark, and as little as needed in the path', () => {
    const context = { v: 'a b/c&d=e' };
    expect(render('<a href="https://x.example/{{v}}">', context, 'html')).toBe('<a href="https://x.example/a%20b/c&amp;d=e">');
    expect(render('<a href="https://x.example/?q={{v}}">', context, 'html')).toBe('<a href="https://x.example/?q=a%20b%2Fc%26d%3De">');
    expect(render('shop:search?q={{v}}', context, 'url')).toBe('shop:search?q=a%20b%2Fc%26d%3De');
  });

  it.each([
    ['a scheme that a variable would complete', '<a href="java{{v}}">'], ['script by static text', '<a href="javascript:go({{v}})">'],
    ['an unquoted attribute', '<a href={{v}}>'], ['a handler', '<a onclick="{{v}}">'], ['a tag name', '<{{v}}>'], ['an attribute name', '<p {{v}}="1">'],
    ['a script', '<script>var a = "{{v}}"</script>'], ['a style sheet', '<style>p { color: {{v}} }</style>'],
    ['a quote closed in one branch', '<a title="{{#if v}}">{{/if}}'], ['a tag opened by a loop', '{{#each v}}<a title="{{/each}}'],
  ])('refuses %s when the template is written', (_, source) => {
    expect(checkTemplate(source, 'html', 'content.en.html')[0]?.path).toBe('content.en.html');
  });

  it.each([
    '<tr {{#if v}}class="a"{{else}}class=\'b\'{{/if}}><td bgcolor="{{v}}">{{v}}</td></tr>', '<!--[if mso]><v:rect href="{{v}}"></v:rect><![endif]-->',
    '<a href="{{#if v}}{{v}}{{else}}https://x.example{{/if}}">x</a>', '<!doctype html><p>1 < 2 {{v}}</p><!-- {{v}} -->',
    '<style>@media x{p{color:red}}</style>{{v}}', '<a href="https://x.example/{{v}}#{{v}}">', '<input disabled value="{{v}}"/>',
  ])('takes ordinary markup: %s', (source) => {
    expect(checkTemplate(source, 'html', 'p')).toEqual([]);
  });
});

describe('the budget', () => {
  // The quickest of three: what blocks the event loop does so every time, what a busy machine adds does not.
  const timed = (work: () => void): number => Math.min(...[1, 2, 3].map(() => {
    const start = cpuTime();
    let failure: unknown;
    try {
      work();
    } catch (error) {
      failure = error;
    }
    const took = cpuTime() - start;
    expect(failure).toBeInstanceOf(RenderFailure);
    return took;
  }));

  it('refuses a text of 10 MB and a list of 10 MB at once', () => {
    const text = 'x'.repeat(10_000_000);
    const list = Array.from({ length: 1_000_000 }, (_, i) => `item ${i}`);
    for (const source of ['{{a}}', '{{upper a}}', '{{#each l}}{{this}}{{/each}}', '{{title (lower a)}}']) {
      const program = compileTemplate(source, 'html', 'p');
      expect(timed(() => program({ a: text, l: list }, state()))).toBeLessThan(50);
    }
  });

  class CountedBudget extends RenderBudget {
    spent = 0;

    override spend(units: number): void {
      this.spent += units;
      super.spend(units);
    }
  }

  // The work is a tenth of a second's on an idle machine. The bound in time is ten times that, since this one may be busy; what is not
  // counted as work would go on for minutes.
  it('stops nested loops once their work is used up', () => {
    const l = Array.from({ length: 100 }, (_, i) => i);
    const nest = (depth: number, inner: string): string => '{{#each @root.l}}'.repeat(depth) + inner + '{{/each}}'.repeat(depth);
    for (const source of [nest(2, '{{this}}{{upper "abc"}}'), nest(3, ''), nest(4, 'x'), nest(3, '{{date "2026-01-01" "full"}}'), nest(2, '{{number this 3}}'), nest(2, 'y'.repeat(500))]) {
      const program = compileTemplate(source, 'html', 'p');
      program({ l: [1] }, state());
      const budget = new CountedBudget();
      expect(() => program({ l }, state({ budget }))).toThrow(RenderFailure);
      expect(budget.spent).toBeLessThan(RENDER_LIMITS.work + COST.luxon + 1);
      expect(timed(() => program({ l }, state()))).toBeLessThan(1_000);
    }
  });

  it('renders 100 items of an honest mail', () => {
    const items = Array.from({ length: 100 }, (_, i) => ({ name: `n${i}`, price: i, url: `https://x.example/${i}` }));
    const source = '{{#each items}}<a href="{{url}}">{{title name}}</a> {{currency price}}{{/each}}';
    expect(render(source, { items }, 'html')).toContain('https://x.example/99');
  });
});
