export { Config, ConfigError, loadConfig } from './config.js';
export { Environment } from './environment.js';
