import type { Mistake } from './mistake.js';

/** What one template text may be. Checked by a linear scan before anything is parsed, and again on the syntax tree. */
export const TEMPLATE_LIMITS = {
  /** UTF-8. */
  sourceBytes: 64 * 1024,
  depth: 16,
  /** Openings `{{`, those in comments included: counting all of them can never count too few. */
  mustaches: 500,
  blocks: 100,
  /** Characters between `{{` and `}}`. Bounds arguments and path segments, and with them the recursion of the compiler. */
  mustacheLength: 1_000,
  parentheses: 8,
  /** Handlebars trims blank lines around blocks by a regular expression that is quadratic in a run of them. */
  blankRun: 256,
} as const;

interface Tally {
  blocks: number;
  depth: number;
}

/**
 * Refuses what would be too much to parse: one pass over the text, no recursion, no regular expression that can backtrack.
 * @returns at most one mistake, since after the first the rest of the text has no meaning.
 */
export function scanSource(source: unknown, path: string): Mistake[] {
  const message = fault(source);
  return message === undefined ? [] : [{ path, message }];
}

function fault(source: unknown): string | undefined {
  if (typeof source !== 'string') return 'must be text';
  const { sourceBytes } = TEMPLATE_LIMITS;
  if (source.length > sourceBytes || Buffer.byteLength(source) > sourceBytes) return `must have at most ${sourceBytes / 1024} KB`;
  if (!source.includes('{{')) return undefined;
  for (const blanks of source.matchAll(/\s+/g)) {
    if (blanks[0].length > TEMPLATE_LIMITS.blankRun) return `must not have more than ${TEMPLATE_LIMITS.blankRun} blanks in a row`;
  }
  if (countMustaches(source) > TEMPLATE_LIMITS.mustaches) return `must have at most ${TEMPLATE_LIMITS.mustaches} mustaches`;
  return scanMustaches(source);
}

/** Gives up one above the limit. */
function countMustaches(source: string): number {
  let count = 0;
  for (let at = source.indexOf('{{'); at >= 0 && count <= TEMPLATE_LIMITS.mustaches; at = source.indexOf('{{', at + 2)) count++;
  return count;
}

function scanMustaches(source: string): string | undefined {
  const tally: Tally = { blocks: 0, depth: 0 };
  for (let at = source.indexOf('{{'); at >= 0; ) {
    const step = isEscaped(source, at) ? { next: at + 2 } : scanMustache(source, at, tally);
    if (typeof step === 'string') return `${step} (${positionOf(source, at)})`;
    at = source.indexOf('{{', step.next);
  }
  return undefined;
}

/** `\{{` is text, `\\{{` a backslash and a mustache. */
function isEscaped(source: string, at: number): boolean {
  return source[at - 1] === '\\' && source[at - 2] !== '\\';
}

function scanMustache(source: string, at: number, tally: Tally): { next: number } | string {
  if (source.startsWith('{{{{', at)) return 'raw blocks {{{{ are not allowed';
  if (source[at + 2] === '{' || /^~?\{/.test(source.slice(at + 2, at + 4))) return 'unescaped output {{{ is not allowed';
  const start = source[at + 2] === '~' ? at + 3 : at + 2;
  if (source[start] === '!') return endOfComment(source, start);
  const end = endOfMustache(source, start);
  if (typeof end === 'string') return end;
  const problem = countBlock(source.slice(start, end), tally);
  return problem ?? { next: end + 2 };
}

function endOfComment(source: string, start: number): { next: number } | string {
  const close = source.startsWith('!--', start) ? /--~?\}\}/g : /\}\}/g;
  close.lastIndex = start + 1;
  const found = close.exec(source);
  return found ? { next: found.index + found[0].length } : 'a comment is never closed';
}

/** Where `}}` stands, quoted ones (`"}}"`, `[}}]`) left out; or what is wrong. */
function endOfMustache(source: string, start: number): number | string {
  const limit = Math.min(source.length, start + TEMPLATE_LIMITS.mustacheLength);
  let open = 0;
  for (let at = start; at < limit; at++) {
    const char = source[at]!;
    if (char === '}' && source[at + 1] === '}') return at;
    if (char === '"' || char === "'" || char === '[') at = endOfQuote(source, at, limit);
    else if (char === '(' && ++open > TEMPLATE_LIMITS.parentheses) {
      return `must have at most ${TEMPLATE_LIMITS.parentheses} parentheses in a mustache`;
    }
  }
  return limit < source.length
    ? `a mustache must have at most ${TEMPLATE_LIMITS.mustacheLength} characters`
    : 'a mustache is never closed';
}

function endOfQuote(source: string, start: number, limit: number): number {
  const close = source[start] === '[' ? ']' : source[start]!;
  let at = start + 1;
  while (at < limit && source[at] !== close) at += source[at] === '\\' ? 2 : 1;
  return at;
}

function countBlock(mustache: string, tally: Tally): string | undefined {
  const head = mustache.trimStart();
  if (head.startsWith('&')) return 'unescaped output {{& is not allowed';
  if (head.startsWith('>') || head.startsWith('#>')) return 'partials are not allowed';
  if (head.startsWith('*') || head.startsWith('#*')) return 'decorators are not allowed';
  if (head.startsWith('/')) tally.depth = Math.max(0, tally.depth - 1);
  else if (head.startsWith('#') || /^\^\s*[^\s~]/.test(head)) {
    tally.blocks++;
    tally.depth++;
  } else if (/^(?:else|\^)\s+[^\s~]/.test(head)) tally.blocks++;
  if (tally.blocks > TEMPLATE_LIMITS.blocks) return `must have at most ${TEMPLATE_LIMITS.blocks} blocks`;
  if (tally.depth > TEMPLATE_LIMITS.depth) return `must not be nested deeper than ${TEMPLATE_LIMITS.depth} blocks`;
  return undefined;
}

function positionOf(source: string, at: number): string {
  const before = source.slice(0, at);
  return `line ${before.split('\n').length}, column ${at - before.lastIndexOf('\n')}`;
}
