export { PinoLogger, createLogger } from './logger.js';
export { Metrics, MetricsController } from './metrics.js';
