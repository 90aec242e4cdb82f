export { Loops } from './loops.js';
