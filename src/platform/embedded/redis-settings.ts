import { join } from 'node:path';
import type { DataDir } from './data-dir.js';

/** Arguments of the private Redis: unix socket only, `noeviction` because Bull must lose no key, an append-only file for restarts. */
export function redisArguments(dir: DataDir, fsync: boolean): string[] {
  return [
    '--port', '0', '--unixsocket', redisSocket(dir), '--unixsocketperm', '700',
    '--dir', dir.redis, '--pidfile', dir.redisPidFile, '--daemonize', 'no',
    '--save', '', '--appendonly', 'yes', '--appendfsync', fsync ? 'everysec' : 'no',
    '--maxmemory-policy', 'noeviction',
  ];
}

export function redisSocket(dir: DataDir): string {
  return join(dir.sockets, 'redis.sock');
}

/** `unix://` plus the escaped path: see `redisOptions`, which turns it into options. */
export function embeddedRedisUrl(dir: DataDir): string {
  return `unix://${encodeURI(redisSocket(dir)).replaceAll('?', '%3F').replaceAll('#', '%23')}`;
}
