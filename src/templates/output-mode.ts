import { escapeHtml, escapeUrlAttribute } from './html-escape.js';
import { Missing, NOTHING, RenderFailure, isBlank, type RenderState } from './render-state.js';
import { addressFault, encodeComponent, encodePath } from './url-rules.js';

/** What a field is, and so how its variables are written. `header` stands on one line; `url` is an address as a whole. */
export type FieldKind = 'plain' | 'header' | 'html' | 'url';

/** How one variable is written, by the field it stands in and, within HTML or an address, the place. */
export type OutputMode =
  | 'plain' | 'header' | 'html' | 'urlStart' | 'urlPath' | 'urlQuery' | 'htmlUrlStart' | 'htmlUrlPath' | 'htmlUrlQuery';

const WRITERS: Record<OutputMode, (text: string, name: string) => string> = {
  plain: (text) => text,
  header: oneLine,
  html: escapeHtml,
  urlStart: wholeAddress,
  urlPath: encodePath,
  urlQuery: encodeComponent,
  htmlUrlStart: (text, name) => escapeUrlAttribute(wholeAddress(text, name)),
  htmlUrlPath: (text) => escapeUrlAttribute(encodePath(text)),
  htmlUrlQuery: (text) => escapeUrlAttribute(encodeComponent(text)),
};

/**
 * The text of a value in its place.
 * @throws RenderFailure for a missing value, for what is no text (objects, lists) and for an address with a refused scheme.
 */
export function writeValue(state: RenderState, mode: OutputMode, value: unknown, name: string): string {
  if (value === NOTHING) return '';
  if (value instanceof Missing) throw new RenderFailure(`${value.name} has no value and no default`);
  if (isBlank(value)) throw new RenderFailure(`${name} has no value and no default`);
  const text = toText(value, name);
  state.budget.text(text.length);
  return WRITERS[mode](text, name);
}

function toText(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString();
  throw new RenderFailure(`${name} is not text`);
}

/** Control characters and line separators would begin a header of their own; each run becomes one blank. */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
}

function wholeAddress(text: string, name: string): string {
  const address = encodePath(text.trim());
  const fault = addressFault(address);
  if (fault) throw new RenderFailure(`${name} ${fault}`);
  return address;
}
