export { FastPath, type FastRoute, type PlainRequest } from './fast-path.js';
