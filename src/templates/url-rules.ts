/**
 * How far an address has been written when a variable follows, which decides what the variable may be and how it is encoded
 * (the contextual escaping of Go's html/template): at the start it must bring an allowed scheme itself; in the path it may not
 * leave the URL; behind `?` or `#` it is one component. `undecided` is text that may still turn out to be a scheme (`java`).
 */
export type UrlPart = 'start' | 'undecided' | 'path' | 'query';

export interface UrlState {
  readonly part: UrlPart;
  /** The text while it is undecided. */
  readonly prefix: string;
}

export const URL_START: UrlState = { part: 'start', prefix: '' };

const SCHEME = /^([a-z][a-z0-9+.-]{0,63}):/i;
/**
 * What runs code, carries its own content or reads the device. Every other scheme that is well-formed is an app's own (a deep
 * link such as `shop:` cannot be known here) or harmless (`mailto:`, `tel:`).
 */
const REFUSED = new Set(['javascript', 'vbscript', 'livescript', 'data', 'blob', 'file', 'filesystem', 'about', 'view-source', 'jar', 'intent', 'content']);
const ILLEGAL = /[^\x21-\x7e]|["'<>\\^`{|}]/gu;
export const MAX_URL = 2_048;

/** The scheme in lower case, or undefined for a relative address. Never looks behind blanks: a scheme begins the text. */
export function schemeOf(address: string): string | undefined {
  return SCHEME.exec(address)?.[1]?.toLowerCase();
}

/** Why an address may not stand in a message, or undefined. @param only the schemes there may be, where not every app scheme is fine. */
export function addressFault(address: string, only?: readonly string[]): string | undefined {
  if (address.length > MAX_URL) return `must have at most ${MAX_URL} characters`;
  const scheme = schemeOf(address);
  if (scheme === undefined) return 'must be an absolute address with its scheme';
  if (REFUSED.has(scheme) || (only && !only.includes(scheme))) return `must not be a ${scheme}: address`;
  if ((scheme === 'https' || scheme === 'http') && !URL.canParse(address)) return 'is not a well-formed address';
  return undefined;
}

/** Follows static text inside an address. @throws never; `fault` says what is wrong with the text. */
export function followUrl(state: UrlState, text: string, allowData: boolean): UrlState & { fault?: string } {
  if (text === '') return state;
  if (state.part === 'query') return state;
  if (state.part === 'path') return { part: /[?#]/.test(text) ? 'query' : 'path', prefix: '' };
  const prefix = (state.prefix + text).trimStart();
  if (prefix === '') return state;
  const scheme = schemeOf(prefix);
  if (scheme !== undefined) {
    const refused = REFUSED.has(scheme) && !(allowData && /^data:image\//i.test(prefix));
    return { part: /[?#]/.test(prefix) ? 'query' : 'path', prefix: '', ...(refused ? { fault: `${scheme}: addresses are not allowed` } : {}) };
  }
  if (/^[./?#]/.test(prefix)) return { part: /[?#]/.test(prefix) ? 'query' : 'path', prefix: '' };
  // A colon that no scheme stands before: only an attempt to hide one looks like this.
  if (/^[^/?#]*:/.test(prefix)) return { part: 'path', prefix: '', fault: 'is not a well-formed address' };
  if (/[/?#]/.test(prefix)) return { part: /[?#]/.test(prefix) ? 'query' : 'path', prefix: '' };
  return { part: 'undecided', prefix: prefix.slice(0, 256) };
}

/** A variable in the path: what is not legal in a URL is percent-encoded, what is stays (`a/b?c=d` may be one variable). */
export function encodePath(value: string): string {
  return value.toWellFormed().replace(ILLEGAL, percent);
}

/** A variable as one component of query or fragment. */
export function encodeComponent(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(/'/g, '%27');
}

function percent(char: string): string {
  return encodeURIComponent(char).replace(/'/g, '%27');
}
