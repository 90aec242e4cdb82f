export { Loops } from './loops.js';
export { sweepMonths, type MonthSweep } from './month-sweep.js';
