// The areas of the IANA database. ICU also knows names of its own (PST, JST, SystemV/…) and, from Node 22 on, bare offsets,
// which PostgreSQL reads as something else or not at all: a zone must mean the same instant in both.
const AREA = /^(africa|america|antarctica|arctic|asia|atlantic|australia|brazil|canada|chile|etc|europe|indian|mexico|pacific|us)\//i;
const SINGLE = new Set([
  'cet', 'cst6cdt', 'cuba', 'eet', 'egypt', 'eire', 'est', 'est5edt', 'gb', 'gb-eire', 'gmt', 'gmt+0', 'gmt-0', 'gmt0', 'greenwich',
  'hst', 'hongkong', 'iceland', 'iran', 'israel', 'jamaica', 'japan', 'kwajalein', 'libya', 'met', 'mst', 'mst7mdt', 'navajo', 'nz',
  'nz-chat', 'poland', 'portugal', 'prc', 'pst8pdt', 'roc', 'rok', 'singapore', 'turkey', 'uct', 'utc', 'universal', 'w-su', 'wet', 'zulu',
]);
const MAX_KNOWN = 2_000;

// Asking Intl costs about 30 µs, too much for each row of a batch. Bounded, because case makes many spellings of one zone.
const known = new Set<string>();

/** Whether `name` is a zone (or a link) of the IANA time zone database, in any case. */
export function isZone(name: string): boolean {
  if (known.has(name)) return true;
  if (!(AREA.test(name) || SINGLE.has(name.toLowerCase())) || !isZoneOfIntl(name)) return false;
  if (known.size < MAX_KNOWN) known.add(name);
  return true;
}

function isZoneOfIntl(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
