export { Random, SystemRandom } from './random.js';
