export { Database, type PoolOptions, type Queryable, type Transaction } from './database.js';
export { jsonList } from './json-list.js';
export { numberArray, wordArray } from './number-array.js';
export { GroupCommit } from './group-commit.js';
export { isConnectionLoss, isSerializationConflict, isUnavailable, isUniqueViolation, sqlState } from './pg-errors.js';
export { sqlFile, SQL_FILES, numberParameters, sqlPart, type SqlFile } from './sql-file.js';
export { ApiDatabase, PlannerDatabase, SenderDatabase, WorkerDatabase, DatabaseModule } from './database.module.js';
export { onceCommitted, type UnitOfWork } from './unit-of-work.js';
