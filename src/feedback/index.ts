export { FeedbackModule } from './feedback.module.js';
export { Links } from './links.js';
