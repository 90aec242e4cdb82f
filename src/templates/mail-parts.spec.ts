import { escapeHtml } from './html-escape.js';
import { htmlToText } from './html-to-text.js';
import { mailBody } from './mail-parts.js';
import { cpuTime } from '../platform/clock/index.js';

const links = { unsubscribe: 'https://r.example/u/abc?x=1&y=2', preferences: 'https://r.example/preferences/abc' };

describe('the text part made from HTML', () => {
  it.each<[string, string, string]>([
    ['links keep their address', '<p>Read <a class="b" href="https://x.example/?a=1&amp;b=2">our <b>offer</b></a> now</p>', 'Read our offer (https://x.example/?a=1&b=2) now'],
    ['a bare link is said once', '<a href="https://x.example">https://x.example</a>', 'https://x.example'],
    ['a mail link loses its scheme', '<a href="mailto:a@b.example">write</a>', 'write (a@b.example)'],
    ['an image link says its address', '<a href="https://x.example"><img src="x.png"></a>', 'https://x.example'],
    ['an alternative text is read', '<img alt="A &gt; B" src="x.png">', 'A > B'],
    ['paragraphs and breaks', '<h1>One</h1><p>two<br>three</p><div>four</div>', 'One\n\ntwo\nthree\n\nfour'],
    ['lists', '<ul><li>a</li><li>b</li></ul>', '- a\n\n- b'],
    ['head, style and script are no words', '<html><head><title>t</title><style>p{}</style></head><body><script>x</script>y</body></html>', 'y'],
    ['entities', '&Auml;&#228;&#xe4;&nbsp;&euro;5 &lt;3 &unknown;', 'Ää\u00e4 €5 <3 &unknown;'],
    ['comments and a lone bracket', 'a <!-- <b>no</b> --> 1 < 2', 'a 1 < 2'],
    ['a bracket inside an attribute', '<a title="a>b" href="https://x.example">x</a>', 'x (https://x.example)'],
  ])('%s', (_, html, text) => {
    expect(htmlToText(html).replace(/\u00a0/g, ' ')).toBe(text);
  });

  it.each(['<'.repeat(100_000), '<a href="'.repeat(20_000), '<!--'.repeat(50_000), '&'.repeat(200_000), '<p>a'.repeat(50_000), '<a href="x">'.repeat(20_000), ' \n'.repeat(100_000)])(
    'is made in linear time: %#', (html) => {
      const times = [1, 2, 3].map(() => {
        const start = cpuTime();
        htmlToText(html);
        return cpuTime() - start;
      });
      expect(Math.min(...times)).toBeLessThan(150);
    });
});

describe('the footer of marketing mail', () => {
  it('stands in html and text where the mail shows neither link', () => {
    const { html, text } = mailBody({ html: '<html><body><p>Hi</p></body></html>' }, 'de-AT', links);
    expect(html).toMatch(/<p>Hi<\/p><p style=.*Abmelden.*Einstellungen ändern.*<\/p><\/body><\/html>$/);
    expect(html).toContain('href="https://r.example/u/abc?x=1&amp;y=2"');
    expect(text).toBe(`Hi\n\nAbmelden (${links.unsubscribe}) · Einstellungen ändern (${links.preferences})`);
  });

  it('is English for a language without words of its own', () => {
    expect(mailBody({ html: 'x' }, 'sw', links).html).toContain('Unsubscribe');
    expect(mailBody({ html: 'x' }, 'constructor', links).html).toContain('Unsubscribe');
  });

  it('is left out where either link is shown, however it was escaped', () => {
    for (const url of [links.preferences, links.unsubscribe.replace('&', '&amp;'), escapeHtml(links.unsubscribe)]) {
      expect(mailBody({ html: `<a href="${url}">x</a>` }, 'en', links).html).toBe(`<a href="${url}">x</a>`);
    }
  });

  it('comes to a text of its own that shows none, even where the html does', () => {
    const { html, text } = mailBody({ html: `<a href="${links.preferences}">x</a>`, text: 'Hi\n' }, 'en', links);
    expect(html).not.toContain('Unsubscribe');
    expect(text).toBe(`Hi\n\n--\nUnsubscribe: ${links.unsubscribe}\nChoose what you receive: ${links.preferences}`);
  });

  it('is not there in transactional mail', () => {
    expect(mailBody({ html: '<p>x</p>', text: 'x' }, 'en', undefined)).toEqual({ html: '<p>x</p>', text: 'x' });
  });
});

describe('the preheader', () => {
  it('is the hidden first line of the html, escaped, and no part of the text', () => {
    const { html, text } = mailBody({ html: '<body class="x"><p>Hi</p></body>', preheader: 'Tom & Jerry' }, 'en', undefined);
    expect(html).toMatch(/^<body class="x"><div style="display:none[^"]*">Tom &amp; Jerry/);
    expect(text).toBe('Hi');
  });
});
