/** The canonical form of a BCP 47 tag (`de_ch` → `de-CH`), or undefined for what is none. */
export function canonicalLocale(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag.trim().replace(/_/g, '-'))[0];
  } catch {
    return undefined;
  }
}

/**
 * The locale a person gets: exact, then ever shorter (`zh-Hant-TW` → `zh-Hant` → `zh`, RFC 4647 3.4), then the default.
 * @param available canonical tags.
 */
export function pickLocale(available: { has(tag: string): boolean }, wanted: string | null | undefined, defaultLocale: string): string {
  const parts = wanted ? (canonicalLocale(wanted)?.split('-') ?? []) : [];
  for (; parts.length > 0; parts.pop()) {
    const tag = parts.join('-');
    if (available.has(tag)) return tag;
  }
  return defaultLocale;
}

/**
 * The locale that numbers and dates are written in: the person's own region where it is a variety of the text's language (a Swiss
 * reader of the German text), else the text's, since an English date in a German sentence is wrong for everybody.
 */
export function formatLocale(wanted: string | null | undefined, textLocale: string): string {
  const own = wanted ? canonicalLocale(wanted) : undefined;
  return own !== undefined && own.split('-')[0] === textLocale.split('-')[0] ? own : textLocale;
}
