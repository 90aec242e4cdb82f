export { Doorbell, type Hint } from './doorbell.js';
export { QUEUES, QueueModule, SharedRedis, type QueueName } from './queue.module.js';
export { redisOptions } from './redis-url.js';
