/** Where the value of a link's href stands in the text, and what it says once entities are decoded. */
export interface Href {
  readonly start: number;
  readonly end: number;
  readonly url: string;
}

const RAW_TEXT = /^(script|style|title|textarea|xmp|iframe|noembed|noframes)$/;
const TAG_NAME = /[a-zA-Z][^\s/>]*/y;
const SPACE_OR_SLASH = /[\s/]*/y;
const ATTRIBUTE_NAME = /[^\s/>=][^\s/>=]*/y;
const EQUALS = /\s*=\s*/y;
const UNQUOTED = /[^\s>]*/y;

/**
 * The hrefs of all `<a>` and `<area>`, in order. One pass that never looks at a character twice more than a constant number of
 * times: a mail is rendered for each recipient, and an unclosed quote must not cost a quadratic search as it does with a regex.
 */
export function findHrefs(html: string): Href[] {
  const found: Href[] = [];
  let at = 0;
  while ((at = html.indexOf('<', at)) !== -1) {
    if (html.startsWith('<!--', at)) {
      at = after(html, '-->', at + 4);
      continue;
    }
    const name = take(TAG_NAME, html, at + 1)?.toLowerCase();
    if (name === undefined) {
      at++;
      continue;
    }
    const tag = readAttributes(html, at + 1 + name.length);
    if (tag.href && (name === 'a' || name === 'area')) found.push(tag.href);
    at = RAW_TEXT.test(name) ? endOfRawText(html, name, tag.end) : tag.end;
  }
  return found;
}

/** Puts `replacements` (by position in `hrefs`; undefined leaves one alone) in place of the hrefs, quoted and escaped. */
export function replaceHrefs(html: string, hrefs: readonly Href[], replacements: readonly (string | undefined)[]): string {
  let result = '';
  let copied = 0;
  hrefs.forEach(({ start, end }, i) => {
    const url = replacements[i];
    if (url === undefined) return;
    result += `${html.slice(copied, start)}"${escapeAttribute(url)}"`;
    copied = end;
  });
  return result + html.slice(copied);
}

/** Adds an invisible picture at the end of the body. */
export function addPixel(html: string, src: string): string {
  const pixel = `<img src="${escapeAttribute(src)}" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">`;
  const at = [...html.matchAll(/<\/body/gi)].at(-1)?.index ?? -1;
  return at === -1 ? html + pixel : html.slice(0, at) + pixel + html.slice(at);
}

export function escapeAttribute(text: string): string {
  return text.replace(/[&"<>']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Reads attributes up to the end of the tag; the first href counts, as it does for browsers. */
function readAttributes(html: string, from: number): { href?: Href; end: number } {
  let href: Href | undefined;
  let at = from;
  for (;;) {
    at += take(SPACE_OR_SLASH, html, at)!.length;
    if (at >= html.length) return { end: html.length };
    if (html[at] === '>') return href ? { href, end: at + 1 } : { end: at + 1 };
    const name = take(ATTRIBUTE_NAME, html, at) ?? html[at]!;
    at += name.length;
    const equals = take(EQUALS, html, at);
    if (equals === undefined) continue;
    const value = readValue(html, at + equals.length);
    if (!value) return { end: html.length };
    if (name.toLowerCase() === 'href') href ??= { start: at + equals.length, end: value.end, url: decodeEntities(value.text).trim() };
    at = value.end;
  }
}

/** @returns undefined where a quote is never closed: then the tag never ends either. */
function readValue(html: string, at: number): { text: string; end: number } | undefined {
  const quote = html[at];
  if (quote !== '"' && quote !== "'") {
    const text = take(UNQUOTED, html, at)!;
    return { text, end: at + text.length };
  }
  const end = html.indexOf(quote, at + 1);
  return end === -1 ? undefined : { text: html.slice(at + 1, end), end: end + 1 };
}

function endOfRawText(html: string, name: string, from: number): number {
  const close = new RegExp(`</${name}[\\s/>]`, 'gi');
  close.lastIndex = from;
  return close.exec(html)?.index ?? html.length;
}

function after(html: string, end: string, from: number): number {
  const at = html.indexOf(end, from);
  return at === -1 ? html.length : at + end.length;
}

function take(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

// What editors and Handlebars write into an href. Names without a semicolon are left: in an attribute "&copy=1" is a parameter.
const NAMED: Record<string, string> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", equals: '=', sol: '/', colon: ':', quest: '?', num: '#', percnt: '%', lowbar: '_',
  period: '.', comma: ',', commat: '@', plus: '+', semi: ';', excl: '!', dollar: '$', lpar: '(', rpar: ')', ast: '*', Tab: '\t', NewLine: '\n',
};

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex: string, decimal: string, name: string) => {
    if (name !== undefined) return Object.hasOwn(NAMED, name) ? NAMED[name]! : whole;
    const code = hex !== undefined ? parseInt(hex, 16) : parseInt(decimal, 10);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : whole;
  });
}
