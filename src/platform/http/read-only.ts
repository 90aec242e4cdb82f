import { SetMetadata } from '@nestjs/common';

export const READ_ONLY = 'read-only';

/** A POST that writes nothing: it asks for much at once. Its work needs no transaction with its Idempotency-Key. */
export const ReadOnly = (): MethodDecorator => SetMetadata(READ_ONLY, true);
