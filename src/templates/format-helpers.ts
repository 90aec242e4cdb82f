import { DateTime, IANAZone } from 'luxon';
import { COST, NOTHING, Missing, RenderFailure, type RenderState } from './render-state.js';

/** A helper over present values; the named arguments come last. Missing ones never get here. */
export type FormatHelper = (state: RenderState, values: readonly unknown[], named: Readonly<Record<string, unknown>>) => unknown;

const MAX_FORMAT = 64;
const DATE_PRESETS: Record<string, Intl.DateTimeFormatOptions> = {
  short: DateTime.DATE_SHORT, medium: DateTime.DATE_MED, long: DateTime.DATE_FULL, full: DateTime.DATE_HUGE,
  time: DateTime.TIME_SIMPLE, datetime: DateTime.DATETIME_MED,
};
const DATE_ONLY = /^\d{4}-\d{2}-\d{2}$/;
const WORD = /\p{L}[\p{L}\p{M}\p{N}'’]*/gu;

/** `{{number 1234.5}}` → `1,234.5` in the user's locale; `{{number 1234.5 2}}` → `1,234.50` (0 to 20 decimals). */
const number: FormatHelper = (state, [value, decimals]) => {
  state.budget.spend(COST.number);
  const digits = decimals === undefined ? undefined : wholeNumber(decimals, 20, 'decimals');
  const options = digits === undefined ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return numberFormat(state.locale, options).format(toNumber(value));
};

/** `{{currency 9.9 "EUR"}}` → `€9.90`; without a code the currency of the settings. */
const currency: FormatHelper = (state, [amount, code]) => {
  state.budget.spend(COST.number);
  const given = code ?? state.currency;
  if (typeof given !== 'string' || !/^[A-Za-z]{3}$/.test(given)) throw new RenderFailure('currency: the code must have three letters');
  return numberFormat(state.locale, { style: 'currency', currency: given.toUpperCase() }).format(toNumber(amount));
};

/**
 * `{{date event.occurredAt}}`, `{{date event.occurredAt "long"}}`, `{{date event.occurredAt "d LLLL, HH:mm"}}`: an instant (RFC 3339 or
 * milliseconds) in the user's zone and language, as preset (short, medium, long, full, time, datetime; default medium) or Luxon
 * format. A plain date (`2026-12-01`) is that day in every zone. `timezone="Europe/Berlin"` for a shop's own time.
 */
const date: FormatHelper = (state, [value, format = 'medium'], { timezone }) => {
  const zone = timezone ?? state.zone;
  if (typeof zone !== 'string' || !isZone(zone)) throw new RenderFailure('date: timezone must be an IANA zone');
  if (typeof format !== 'string' || format.length > MAX_FORMAT) throw new RenderFailure('date: the format must be a preset or a Luxon format');
  // A day has no instant: UTC stands for every zone, so that nobody's birthday moves.
  const shownIn = typeof value === 'string' && DATE_ONLY.test(value) ? 'UTC' : zone;
  const millis = toMillis(state, value, shownIn);
  if (Object.hasOwn(DATE_PRESETS, format)) {
    state.budget.spend(COST.number);
    return dateFormat(state.locale, shownIn, format).format(millis);
  }
  state.budget.spend(COST.luxon);
  return DateTime.fromMillis(millis, { zone: shownIn, locale: state.locale }).toFormat(format);
};

/** `{{upper user.attributes.plan}}`: in the language of the message (Turkish has its own i). */
const upper: FormatHelper = (state, [value]) => toText(state, value).toLocaleUpperCase(state.locale);

/** `{{lower user.attributes.plan}}` */
const lower: FormatHelper = (state, [value]) => toText(state, value).toLocaleLowerCase(state.locale);

/** `{{title user.attributes.firstName}}`: ANNA maria → Anna Maria. */
const title: FormatHelper = (state, [value]) =>
  toText(state, value).replace(WORD, (word) => {
    const [first = ''] = word;
    return first.toLocaleUpperCase(state.locale) + word.slice(first.length).toLocaleLowerCase(state.locale);
  });

/**
 * The word that goes with a number: `{{plural count "item" "items"}}`, or by the categories of CLDR for languages with more than two
 * (`{{plural n one="plik" few="pliki" many="plików" other="pliku"}}`). `zero` is also taken for exactly 0 where the language has
 * no such category. The number itself is not printed.
 */
const plural: FormatHelper = (state, [count, one, other], named) => {
  state.budget.spend(COST.number);
  const n = toNumber(count);
  const words: Readonly<Record<string, unknown>> = one === undefined ? named : { one, other };
  const category = pluralRules(state.locale).select(n);
  const word = (n === 0 ? words['zero'] : undefined) ?? words[category] ?? words['other'];
  return word === '' ? NOTHING : word;
};

export const FORMAT_HELPERS: Readonly<Record<string, FormatHelper>> = { number, currency, date, upper, lower, title, plural };

/** `{{default user.attributes.firstName "there"}}`: the first value that is not missing; `""` as the last one means that nothing is fine. */
export function firstPresent(values: readonly unknown[]): unknown {
  for (const value of values) {
    if (value === '') return NOTHING;
    if (!(value instanceof Missing)) return value;
  }
  const names = values.filter((value) => value instanceof Missing).map((value) => value.name);
  return new Missing(names.join(' and '));
}

function toNumber(value: unknown): number {
  const n = typeof value === 'string' && value.trim() !== '' && value.length <= 64 ? Number(value) : value;
  if (typeof n !== 'number' || !Number.isFinite(n)) throw new RenderFailure('is not a number');
  return n;
}

function wholeNumber(value: unknown, max: number, name: string): number {
  const n = toNumber(value);
  if (!Number.isInteger(n) || n < 0 || n > max) throw new RenderFailure(`number: ${name} must be a whole number up to ${max}`);
  return n;
}

function toText(state: RenderState, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') throw new RenderFailure('is not text');
  const text = String(value);
  state.budget.text(text.length);
  return text;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const MAX_MILLIS = 8.64e15;

/** Luxon reads only what the platform cannot: finding the offset of a local time costs fifty times as much as parsing an instant. */
function toMillis(state: RenderState, value: unknown, zone: string): number {
  const millis = value instanceof Date ? value.getTime()
    : typeof value === 'number' ? value
      : typeof value !== 'string' || value.length > 64 ? NaN
        : INSTANT.test(value) || DATE_ONLY.test(value) ? Date.parse(value)
          : localMillis(state, value, zone);
  if (!(Math.abs(millis) <= MAX_MILLIS)) throw new RenderFailure('date: the value is no date');
  return millis;
}

function localMillis(state: RenderState, value: string, zone: string): number {
  state.budget.spend(COST.luxon);
  return DateTime.fromISO(value, { zone }).toMillis();
}

const MAX_KEPT = 200;
const numberFormats = new Map<string, Intl.NumberFormat>();
const zones = new Map<string, boolean>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();
const pluralRulesByLocale = new Map<string, Intl.PluralRules>();

/** Making a formatter costs fifty times as much as using it. */
function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale}|${options.currency ?? ''}|${options.minimumFractionDigits ?? ''}`;
  return kept(numberFormats, key, () => new Intl.NumberFormat(locale, options));
}

function isZone(name: string): boolean {
  return name.length <= 64 && kept(zones, name, () => IANAZone.isValidZone(name));
}

function dateFormat(locale: string, timeZone: string, preset: string): Intl.DateTimeFormat {
  return kept(dateFormats, `${locale}|${timeZone}|${preset}`, () => new Intl.DateTimeFormat(locale, { ...DATE_PRESETS[preset], timeZone }));
}

function pluralRules(locale: string): Intl.PluralRules {
  return kept(pluralRulesByLocale, locale, () => new Intl.PluralRules(locale));
}

function kept<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  if (map.size >= MAX_KEPT) map.clear();
  map.set(key, made);
  return made;
}
