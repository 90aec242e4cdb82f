export { JobInterrupted, Jobs, type JobHandler, type JobView } from './jobs.js';
export { JobsModule } from './jobs.module.js';
