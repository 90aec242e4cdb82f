export { Problem, conflict, forbidden, invalid, invalidField, notFound, unauthenticated, type FieldError } from './problem.js';
export { ProblemFilter } from './problem.filter.js';
