export { ApiEventBatch } from './batch-docs.js';
export { batchRows, isPlainObject, rowFault, type RejectedRow } from './batch.js';
export {
  DiffersFrom, HasDecimals, IsBelow, IsKey, IsKeyList, MayBeAbsent, Nested, NestedList, NotTogetherWith, OnlyOnWhere,
} from './field-validators.js';
export { IdempotencySweep } from './idempotency-sweep.js';
export { IdempotencyInterceptor } from './idempotency.interceptor.js';
export { jsonText } from './json-text.js';
export { NoBody } from './no-body.js';
export { PageQuery, decodeCursor, decodeIdCursor, encodeCursor, toPage, type Page } from './page.js';
export { ReadOnly } from './read-only.js';
export { SHORT_BODY, readRawBody, readShortBody, type RawRequest } from './raw-body.js';
export { RowwiseBody, jsonOf, nestedTooDeep } from './request-body.js';
export { RequestInterceptor } from './request.interceptor.js';
export { idOf, requestId } from './request-id.js';
export { SecretAnswer } from './secret-answer.js';
export { securityHeaders, setHeaders } from './security-headers.js';
export { Turns } from './turns.js';
export { unstorableText } from './storable-text.js';
export { flatten, validationPipe } from './validation.js';
