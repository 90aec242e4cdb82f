// Longer than any tag in use (script, region, variant and extension included); bounds the work on a hostile one.
const MAX_LENGTH = 64;
const MAX_KNOWN = 2_000;

const known = new Map<string, string>();

/**
 * The canonical spelling of a BCP-47 language tag (`de-at` → `de-AT`), so that templates and users meet in one spelling.
 * @returns undefined for a text that is no such tag.
 */
export function canonicalLocale(tag: string): string | undefined {
  const seen = known.get(tag);
  if (seen !== undefined) return seen;
  const canonical = tag.length <= MAX_LENGTH ? canonicalised(tag) : undefined;
  if (canonical !== undefined && known.size < MAX_KNOWN) known.set(tag, canonical);
  return canonical;
}

function canonicalised(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}
