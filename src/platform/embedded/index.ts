export { startEmbedded, type Embedded, type EmbeddedOptions } from './start-embedded.js';
export type { EmbeddedFailure } from './guardian-client.js';
export { DataDirClosed, DataDirInUse, EmbeddedError, RedisMissing } from './errors.js';
export { findRedis, redisInstallCommand } from './redis-binary.js';
