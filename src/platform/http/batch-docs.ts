import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOkResponse } from '@nestjs/swagger';

const REJECTED = {
  type: 'array', items: { type: 'object', properties: { index: { type: 'integer' }, path: { type: 'string' }, message: { type: 'string' } } },
};

/**
 * The OpenAPI of a batch route whose rows the handler checks itself: `{events: [row…]}` → `{accepted, rejected}`.
 * @param row the schema of one row
 */
export function ApiEventBatch(row: object, maxItems: number): MethodDecorator {
  return applyDecorators(
    ApiBody({ schema: { type: 'object', required: ['events'], properties: { events: { type: 'array', maxItems, items: row } } } }),
    ApiOkResponse({ schema: { type: 'object', properties: { accepted: { type: 'integer' }, rejected: REJECTED } } }),
  );
}
