export { Clock, SystemClock } from './clock.js';
export { cpuTime } from './cpu-time.js';
