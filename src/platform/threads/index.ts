export { ThreadError, type ThreadFailure } from './thread-error.js';
export { ThreadPool, type TaskOptions, type ThreadLimits } from './thread-pool.js';
