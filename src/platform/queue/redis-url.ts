import type { RedisOptions } from 'ioredis';

/**
 * Turns a Redis URL into options for ioredis and Bull, which read `unix:` URLs in different ways or not at all.
 * Forms: `redis://[user[:password]@]host[:port][/db]`, `rediss://…` (TLS), `unix:///path[?db=n]`, all parts percent-encoded.
 * @throws TypeError with a reason that does not repeat the URL, which may hold a password
 */
export function redisOptions(url: string): RedisOptions {
  const parsed = parse(url);
  if (parsed.protocol === 'unix:') return unixOptions(parsed);
  const options: RedisOptions = { host: hostOf(parsed), port: Number(parsed.port || 6379), db: database(parsed.pathname.slice(1)) };
  if (parsed.username) options.username = decodeURIComponent(parsed.username);
  if (parsed.password) options.password = decodeURIComponent(parsed.password);
  if (parsed.protocol === 'rediss:') options.tls = { servername: options.host };
  return options;
}

function parse(url: string): URL {
  if (!URL.canParse(url)) throw new TypeError('is not a URL');
  const parsed = new URL(url);
  if (!['redis:', 'rediss:', 'unix:'].includes(parsed.protocol)) throw new TypeError('must start with redis://, rediss:// or unix://');
  return parsed;
}

function unixOptions(parsed: URL): RedisOptions {
  const path = decodeURIComponent(parsed.pathname);
  if (parsed.host || path.length < 2) throw new TypeError('must name a socket by its full path, as in unix:///run/redis.sock');
  return { path, db: database(parsed.searchParams.get('db') ?? '') };
}

/** URL keeps the brackets of an IPv6 address, which a socket does not want. */
function hostOf(parsed: URL): string {
  return parsed.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1';
}

function database(text: string): number {
  if (text === '') return 0;
  if (!/^\d{1,4}$/.test(text)) throw new TypeError('must name the database by its number');
  return Number(text);
}
