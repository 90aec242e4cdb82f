import { addPixel, findHrefs, replaceHrefs } from './html-links.js';
import { cpuTime } from '../platform/clock/index.js';

const urls = (html: string): string[] => findHrefs(html).map((href) => href.url);

describe('the links of a mail', () => {
  it('are found however the tag is written', () => {
    expect(urls(`<a href="https://a.example/">`)).toEqual(['https://a.example/']);
    expect(urls(`<A\n CLASS='x' HREF = 'https://a.example/?q="1"' >`)).toEqual(['https://a.example/?q="1"']);
    expect(urls(`<a href=https://a.example/x>y</a>`)).toEqual(['https://a.example/x']);
    expect(urls(`<a title="a > b" href="https://a.example/">`)).toEqual(['https://a.example/']);
    expect(urls(`<area href="https://a.example/"><a/href="https://b.example/">`)).toEqual(['https://a.example/', 'https://b.example/']);
    expect(urls(`<a href="https://first.example/" href="https://second.example/">`)).toEqual(['https://first.example/']);
  });

  it('are decoded before they are stored', () => {
    expect(urls(`<a href=" https://a.example/?a=1&amp;b&#x3D;2&#38;c&equals;3&copy=4 ">`)).toEqual(['https://a.example/?a=1&b=2&c=3&copy=4']);
    expect(urls(`<a href="https://a.example/&#0;&#xD800;&#x1F600;">`)).toEqual(['https://a.example/&#0;&#xD800;😀']);
    expect(urls(`<a href="https://a.example/&constructor;&toString;">`)).toEqual(['https://a.example/&constructor;&toString;']);
  });

  it('are not seen in comments, scripts, other tags or the text', () => {
    expect(urls(`<!-- <a href="x"> --><script>"<a href='x'>"</script><style><a href="x"></style>`)).toEqual([]);
    expect(urls(`<img alt='<a href="https://a.example/">'><link href="y"><abbr href="z"> a < b <a name="n"> &lt;a href="x"`)).toEqual([]);
    expect(urls(`<title><a href="x"></title><a href="y">`)).toEqual(['y']);
  });

  it('are replaced in place, and nothing else changes', () => {
    const html = `<p>1 &amp; 2</p><a class=b href='https://a.example/'>A</a><a href=https://b.example/>B</a><a href="#c">C</a>`;
    const hrefs = findHrefs(html);
    expect(replaceHrefs(html, hrefs, ['https://t/"1', undefined, undefined]))
      .toBe(`<p>1 &amp; 2</p><a class=b href="https://t/&#34;1">A</a><a href=https://b.example/>B</a><a href="#c">C</a>`);
    expect(replaceHrefs(html, hrefs, [undefined, 'https://t/2', undefined])).toContain('<a href="https://t/2">B</a>');
  });

  it('broken mark-up is left alone in linear time', () => {
    expect(urls(`<a href="never closed`)).toEqual([]);
    for (const piece of ['<a href="', '<a ', '<!--', '<', "<a x='", '<script>', '<a href=x ', '<a =', '</body>']) {
      const html = piece.repeat(Math.ceil(300_000 / piece.length));
      const from = cpuTime();
      addPixel(replaceHrefs(html, findHrefs(html), []), 'p');
      // Linear: tens of milliseconds. The quadratic regex that this replaces took twelve seconds.
      expect(cpuTime() - from).toBeLessThan(3_000);
    }
  });
});

describe('the pixel', () => {
  it('stands at the end of the body, or of the text where there is none', () => {
    expect(addPixel('<body>a</body></html>', 'https://p/')).toMatch(/^<body>a<img src="https:\/\/p\/" [^>]*alt=""[^>]*><\/body><\/html>$/);
    expect(addPixel('a', 'https://p/')).toMatch(/^a<img /);
    expect(addPixel('<pre></body></pre></BODY >', 'p')).toMatch(/<\/pre><img [^>]*><\/BODY >$/);
  });
});
