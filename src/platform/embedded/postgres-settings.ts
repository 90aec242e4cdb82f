import { statfsSync } from 'node:fs';
import type { DataDir } from './data-dir.js';

/** Only a part of the socket's name: Postgres listens on no port. */
export const POSTGRES_PORT = 5432;
export const POSTGRES_USER = 'rapport';
export const POSTGRES_DATABASE = 'rapport';

export interface PostgresTuning {
  fsync: boolean;
  /** As Postgres writes sizes: `256MB`. */
  sharedBuffers: string;
}

/**
 * Arguments of initdb. `trust` is right on a socket in a 0700 folder: whoever reaches it owns the files anyway.
 * The collation is Postgres's own C.UTF-8, the same on every system, instead of one of libc, which may be absent.
 */
export function initdbArguments(clusterDir: string, fsync: boolean): string[] {
  return [
    '-D', clusterDir, '--username', POSTGRES_USER, '--auth=trust', '--encoding=UTF8', '--no-instructions',
    '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', ...(fsync ? [] : ['--no-sync']),
  ];
}

/** Arguments of the server, for a small machine (2 cores, 2 to 4 GB) that it shares with the application. */
export function postgresArguments(dir: DataDir, tuning: PostgresTuning): string[] {
  const onOff = (value: boolean) => (value ? 'on' : 'off');
  const settings: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: `"${dir.sockets.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    port: String(POSTGRES_PORT),
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] ',
    // A process takes up to 37; each slot costs a few kilobytes.
    max_connections: '300',
    max_locks_per_transaction: '256', // a query over a partitioned table locks every partition and its indexes
    shared_buffers: tuning.sharedBuffers,
    effective_cache_size: '1GB',
    maintenance_work_mem: '128MB',
    random_page_cost: '1.1',
    jit: 'off', // compiles for longer than our short statements run
    autovacuum_naptime: '5s', // statistics follow a bulk load at once; with none, a query over fresh events took 25 s instead of 0.2
    max_wal_size: '2GB',
    wal_compression: 'on',
    synchronous_commit: 'on',
    fsync: onOff(tuning.fsync),
    full_page_writes: onOff(tuning.fsync),
    dynamic_shared_memory_type: sharedMemory(),
  };
  return ['-D', dir.postgres, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** Containers often give /dev/shm 64 MB, on which a parallel hash join dies; files in the data folder are slower but safe. */
function sharedMemory(): string {
  if (process.platform !== 'linux') return 'posix';
  try {
    const { blocks, bsize } = statfsSync('/dev/shm');
    return blocks * bsize >= 256 * 1024 * 1024 ? 'posix' : 'mmap';
  } catch {
    return 'mmap';
  }
}

/** A URL that pg and TypeORM's `url` both take: a folder as `host` means a unix socket. */
export function databaseUrl(dir: DataDir, database: string = POSTGRES_DATABASE): string {
  return `postgres://${POSTGRES_USER}@/${database}?host=${encodeURIComponent(dir.sockets)}&port=${POSTGRES_PORT}`;
}
