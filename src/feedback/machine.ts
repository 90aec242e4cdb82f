/** One request for a pixel or a link, as far as it tells a person from a machine. */
export interface Hit {
  readonly method: string;
  readonly userAgent: string | undefined;
  /** `Sec-Purpose`, `Purpose` or `X-Purpose`: browsers and mail apps that fetch ahead say so there. */
  readonly purpose: string | undefined;
  /** Milliseconds since the mail server took the message; undefined while that answer is still out. */
  readonly sinceSentMs: number | undefined;
}

// No person reads a mail within a second of its handing over; gateways fetch everything in it at once.
const FASTEST_READER_MS = 1_000;

// Apple's Mail Privacy Protection fetches every pixel through its proxy and calls itself this and no more.
const APPLE_PROXY = 'Mozilla/5.0';

// Gateways, link checkers and preview makers that give themselves away. Google's and Yahoo's image proxies are not here: they
// fetch when a person opens. Neither are plain HTTP libraries: apps that open links for their user name nothing else.
const SCANNERS = new RegExp([
  '(?<!cu)bot\\b', 'crawl', 'spider', 'slurp', 'barracuda', 'proofpoint', 'mimecast', 'symantec', 'messagelabs', 'fireeye', 'trendmicro',
  'trend micro', 'forcepoint', 'websense', 'zscaler', 'ironport', 'sophos', 'cloudmark', 'avanan', 'mailguard', 'fortiguard', 'checkpoint',
  'safelinks', 'microsoft office existence discovery', 'office protocol discovery', 'bingpreview', 'skypeuripreview',
  'facebookexternalhit', 'whatsapp', 'embedly', 'outbrain', 'headlesschrome', 'phantomjs', 'urlscan', 'virustotal', 'linkcheck', 'validator',
].join('|'), 'i');

/**
 * Whether a machine asked: stored and marked, and never counted as a person's open or click. A false "machine" loses one open of
 * a person; a false "person" would keep people who never read alive in every score.
 */
export function isMachine(hit: Hit): boolean {
  const agent = hit.userAgent?.trim();
  if (hit.method === 'HEAD' || agent === APPLE_PROXY) return true;
  if (agent !== undefined && SCANNERS.test(agent)) return true;
  if (/prefetch|preview|prerender/i.test(hit.purpose ?? '')) return true;
  return hit.sinceSentMs === undefined || hit.sinceSentMs < FASTEST_READER_MS;
}
