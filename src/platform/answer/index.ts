export { jsonAnswer, sendAnswer, type Answer } from './answer.js';
