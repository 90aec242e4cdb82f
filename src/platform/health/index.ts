export { HealthController, Shutdown } from './health.controller.js';
