const NAMED: Record<string, string> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', copy: '©', reg: '®', trade: '™', euro: '€', pound: '£', hellip: '…',
  mdash: '—', ndash: '–', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', bdquo: '„', laquo: '«', raquo: '»', middot: '·', bull: '•',
  auml: 'ä', ouml: 'ö', uuml: 'ü', Auml: 'Ä', Ouml: 'Ö', Uuml: 'Ü', szlig: 'ß', shy: '', zwnj: '', zwj: '',
};
const SKIPPED = new Set(['head', 'style', 'script', 'title', 'noscript', 'template']);
const PARAGRAPHS = new Set(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'table', 'blockquote', 'pre']);
const LINES = new Set(['div', 'tr', 'li', 'br', 'hr', 'section', 'article', 'header', 'footer', 'center', 'dt', 'dd']);

interface Draft {
  /** Pieces, joined once: looking at the end of a growing text would copy it every time. */
  parts: string[];
  /** Nothing yet, or blank at the end. */
  blank: boolean;
  skipping: string | undefined;
  /** The link that is open, and the piece where its words begin. */
  link: { href: string; from: number } | undefined;
}

/**
 * The plain-text part of a mail that has only HTML: words, line breaks, list marks, alternative texts of images, and every link with its
 * address behind it. One pass without backtracking.
 */
export function htmlToText(html: string): string {
  const draft: Draft = { parts: [], blank: true, skipping: undefined, link: undefined };
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf('<', at);
    addWords(draft, html.slice(at, open < 0 ? html.length : open));
    if (open < 0) break;
    at = skipTag(draft, html, open);
  }
  return draft.parts.join('').split('\n').map((line) => line.trim()).join('\n').replace(/\n{3,}/g, '\n\n').trim();
}

/** Handles the tag at `open`. @returns where the text goes on. */
function skipTag(draft: Draft, html: string, open: number): number {
  if (html.startsWith('<!--', open)) return behind(html, '-->', open + 4);
  if (!/[A-Za-z/!?]/.test(html[open + 1] ?? '')) {
    if (!draft.skipping) append(draft, '<');
    return open + 1;
  }
  const end = endOfTag(html, open);
  const tag = html.slice(open, end);
  const [, slash = '', name = ''] = /^<(\/?)([A-Za-z0-9:]*)/.exec(tag) ?? [];
  addTag(draft, name.toLowerCase(), slash !== '', tag);
  return end;
}

function addTag(draft: Draft, name: string, closing: boolean, tag: string): void {
  if (draft.skipping) {
    if (closing && name === draft.skipping) draft.skipping = undefined;
    return;
  }
  if (SKIPPED.has(name) && !closing) draft.skipping = name;
  else if (name === 'a') addLink(draft, closing, tag);
  else if (name === 'img' && attribute(tag, 'alt')) addWords(draft, attribute(tag, 'alt')!);
  else if (name === 'li' && !closing) append(draft, '\n- ');
  else if ((name === 'td' || name === 'th') && closing) append(draft, ' ');
  else if (PARAGRAPHS.has(name)) append(draft, '\n\n');
  else if (LINES.has(name)) append(draft, '\n');
}

function addLink(draft: Draft, closing: boolean, tag: string): void {
  const { link } = draft;
  if (link) {
    const words = draft.parts.slice(link.from).join('').trim();
    // A link whose words are its address is said once.
    if (link.href !== '' && words !== link.href) append(draft, words === '' ? link.href : ` (${link.href})`);
    draft.link = undefined;
  }
  if (closing) return;
  const href = decodeEntities(attribute(tag, 'href') ?? '').trim().replace(/^mailto:/i, '');
  draft.link = { href: href.startsWith('#') ? '' : href, from: draft.parts.length };
}

function addWords(draft: Draft, html: string): void {
  if (draft.skipping || html === '') return;
  const words = decodeEntities(html.replace(/\s+/g, ' '));
  append(draft, draft.blank ? words.trimStart() : words);
}

function append(draft: Draft, text: string): void {
  if (text === '') return;
  draft.parts.push(text);
  draft.blank = /\s$/.test(text.slice(-1));
}

/** A `>` inside a quoted attribute ends nothing. */
function endOfTag(html: string, open: number): number {
  let quote = '';
  for (let at = open + 1; at < html.length; at++) {
    const char = html[at]!;
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '>') return at + 1;
  }
  return html.length;
}

function behind(html: string, mark: string, from: number): number {
  const at = html.indexOf(mark, from);
  return at < 0 ? html.length : at + mark.length;
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(tag);
  return found ? (found[1] ?? found[2] ?? found[3]) : undefined;
}

export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,8}));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return Object.hasOwn(NAMED, name) ? NAMED[name]! : whole;
    const code = decimal !== undefined ? Number(decimal) : parseInt(hex!, 16);
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
  });
}
