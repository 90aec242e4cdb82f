import { ValidateIf } from 'class-validator';

/** The field may be left out, but not be null. IsOptional would let null through to code that does not expect it. */
export const MayBeAbsent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
