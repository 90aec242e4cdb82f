import { URL_START, followUrl, type UrlState } from './url-rules.js';

/** Where in the markup a position stands, so far as it decides what a variable there means. */
export interface HtmlContext {
  readonly kind:
    | 'text' | 'comment' | 'raw' | 'declaration' | 'tagName' | 'tag' | 'attributeName' | 'afterName' | 'beforeValue' | 'value';
  readonly tag: string;
  readonly closing: boolean;
  readonly attribute: string;
  /** `"`, `'` or nothing. */
  readonly quote: string;
  readonly url: UrlState;
}

export const HTML_START: HtmlContext = { kind: 'text', tag: '', closing: false, attribute: '', quote: '', url: URL_START };

const URL_ATTRIBUTES = new Set(['href', 'src', 'action', 'formaction', 'background', 'poster', 'cite', 'longdesc', 'xlink:href', 'data']);
/** Elements whose content is no markup; a variable there would be code. */
const RAW_ELEMENTS = new Set(['script', 'style', 'xmp', 'iframe', 'noembed', 'noframes', 'plaintext']);

type Report = (message: string) => void;
type Step = readonly [HtmlContext, number];

/** The context after `text`, read on from `context`. Linear; faults of the markup itself go to `report`. */
export function followHtml(context: HtmlContext, text: string, report: Report): HtmlContext {
  let at = 0;
  while (at < text.length) [context, at] = STEPS[context.kind](context, text, at, report);
  return context;
}

export const isUrlAttribute = (context: HtmlContext): boolean => context.kind === 'value' && URL_ATTRIBUTES.has(context.attribute);

/** Why no variable may stand here, or undefined where it may. */
export function variableFault(context: HtmlContext): string | undefined {
  const { kind, tag, attribute } = context;
  if (kind === 'text' || kind === 'comment') return undefined;
  if (kind === 'raw') return `a variable inside <${tag}> would be code`;
  if (kind === 'value' && context.quote !== '') {
    if (attribute.startsWith('on') || attribute === 'srcdoc') return `a variable in the attribute ${attribute} would be code`;
    return isUrlAttribute(context) && context.url.part === 'undecided' ? 'an address must begin with its scheme or with a variable that holds it' : undefined;
  }
  if (kind === 'value' || kind === 'beforeValue') return `the value of ${attribute} must be in quotes where a variable stands in it`;
  return 'a variable may not stand inside a tag, other than in the quoted value of an attribute';
}

/** One context for both ways through a block, or undefined where they end in different places of the markup. */
export function joinContexts(a: HtmlContext, b: HtmlContext): HtmlContext | undefined {
  const same = a.kind === b.kind && a.quote === b.quote && a.attribute === b.attribute && a.tag === b.tag && a.closing === b.closing;
  if (!same) return undefined;
  return { ...a, url: joinUrls(a.url, b.url) };
}

export function joinUrls(a: UrlState, b: UrlState): UrlState {
  if (a.part === b.part) return a;
  const decided = (url: UrlState): boolean => url.part === 'path' || url.part === 'query';
  // In the path only what is illegal is encoded, which is right behind the question mark as well.
  return decided(a) && decided(b) ? { part: 'path', prefix: '' } : { part: 'undecided', prefix: '' };
}

const STEPS: Record<HtmlContext['kind'], (context: HtmlContext, text: string, at: number, report: Report) => Step> = {
  text: (context, text, at) => {
    const open = text.indexOf('<', at);
    if (open < 0) return [context, text.length];
    // Outlook's conditional comments hold markup that it renders.
    if (text.startsWith('<!--[if', open)) return [context, open + 7];
    if (text.startsWith('<!--', open)) return [{ ...context, kind: 'comment' }, open + 4];
    const next = text[open + 1];
    if (next === '!' || next === '?') return [{ ...context, kind: 'declaration' }, open + 2];
    if (next === '/') return [{ ...context, kind: 'tagName', tag: '', closing: true }, open + 2];
    if (next === undefined || /[A-Za-z]/.test(next)) return [{ ...context, kind: 'tagName', tag: '', closing: false }, open + 1];
    return [context, open + 1];
  },
  comment: (context, text, at) => until(context, text, at, '-->', 'text'),
  declaration: (context, text, at) => until(context, text, at, '>', 'text'),
  raw: (context, text, at) => {
    const close = new RegExp(`</${context.tag}[\\s/>]`, 'gi');
    close.lastIndex = at;
    const found = close.exec(text);
    return found ? [{ ...context, kind: 'declaration' }, found.index + 2] : [context, text.length];
  },
  tagName: (context, text, at) => {
    const name = match(/[^\s/>]*/y, text, at);
    const tag = (context.tag + name).toLowerCase().slice(0, 64);
    return [{ ...context, tag, kind: at + name.length < text.length ? 'tag' : 'tagName' }, at + name.length];
  },
  tag: (context, text, at) => {
    const end = at + match(/[\s/]*/y, text, at).length;
    if (end >= text.length) return [context, end];
    if (text[end] === '>') return [afterTag(context), end + 1];
    return [{ ...context, kind: 'attributeName', attribute: '' }, end];
  },
  attributeName: (context, text, at) => {
    const name = match(/[^\s=/>]*/y, text, at);
    const end = at + name.length;
    const attribute = (context.attribute + name).toLowerCase().slice(0, 64);
    if (end >= text.length) return [{ ...context, attribute }, end];
    return [{ ...context, attribute, kind: 'afterName' }, end];
  },
  afterName: (context, text, at) => {
    const end = at + match(/\s*/y, text, at).length;
    if (end >= text.length) return [context, end];
    if (text[end] === '=') return [{ ...context, kind: 'beforeValue' }, end + 1];
    return [{ ...context, kind: 'tag' }, end];
  },
  beforeValue: (context, text, at) => {
    const end = at + match(/\s*/y, text, at).length;
    const char = text[end];
    if (char === undefined) return [context, end];
    if (char === '>') return [afterTag(context), end + 1];
    const quote = char === '"' || char === "'" ? char : '';
    return [{ ...context, kind: 'value', quote, url: URL_START }, end + quote.length];
  },
  value: (context, text, at, report) => {
    const end = context.quote ? text.indexOf(context.quote, at) : at + match(/[^\s>]*/y, text, at).length;
    const value = text.slice(at, end < 0 ? text.length : end);
    const after = isUrlAttribute(context) ? followAddress(context, value, report) : context;
    if (end < 0 || end >= text.length) return [after, text.length];
    return [{ ...after, kind: 'tag', attribute: '', quote: '', url: URL_START }, end + context.quote.length];
  },
};

function until(context: HtmlContext, text: string, at: number, mark: string, kind: HtmlContext['kind']): Step {
  const end = text.indexOf(mark, at);
  return end < 0 ? [context, text.length] : [{ ...context, kind, tag: '' }, end + mark.length];
}

function match(sticky: RegExp, text: string, at: number): string {
  sticky.lastIndex = at;
  return sticky.exec(text)![0];
}

function afterTag(context: HtmlContext): HtmlContext {
  const raw = !context.closing && RAW_ELEMENTS.has(context.tag);
  return { ...HTML_START, kind: raw ? 'raw' : 'text', tag: raw ? context.tag : '' };
}

function followAddress(context: HtmlContext, value: string, report: Report): HtmlContext {
  const { fault, ...url } = followUrl(context.url, value, context.attribute === 'src' || context.attribute === 'background');
  if (fault) report(`${context.attribute}: ${fault}`);
  return { ...context, url };
}
