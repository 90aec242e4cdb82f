import { applyDecorators } from '@nestjs/common';
import { Type, type TypeHelpOptions } from 'class-transformer';
import {
  ArrayMaxSize, ArrayUnique, IsArray, IsObject, Matches, ValidateBy, ValidateIf, ValidateNested, type ValidationArguments,
} from 'class-validator';

type Class = new () => object;
interface Choice {
  property: string;
  subTypes: { name: string; value: Class }[];
}

const KEY = /^[a-z0-9_-]{1,64}$/;

/** The field may be left out, but not be null. IsOptional would let null through to code that does not expect it. */
export const MayBeAbsent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** An object with a class of its own; with `choice`, the class that one of its fields names. */
export function Nested(type: (help?: TypeHelpOptions) => Class, choice?: Choice): PropertyDecorator {
  const options = choice && { discriminator: choice, keepDiscriminatorProperty: true };
  return applyDecorators(IsObject(), ValidateNested(), Type(type, options));
}

/**
 * A list inside the list would pass ValidateNested element by element, and an empty one without a look. Anything else that is no
 * object is named by its own place.
 */
export function NestedList(type: () => Class, max: number): PropertyDecorator {
  const flat = rule('flatList', 'must not have a list inside', (value) => !Array.isArray(value) || !value.some(Array.isArray));
  return applyDecorators(IsArray(), ArrayMaxSize(max), flat, ValidateNested({ each: true }), Type(type));
}

/** The key of a topic, segment or template. */
export function IsKey(): PropertyDecorator {
  return Matches(KEY, { message: '$property must be a key: 1 to 64 of a-z, 0-9, _ and -' });
}

export function IsKeyList(max: number): PropertyDecorator {
  return applyDecorators(
    IsArray(), ArrayMaxSize(max), ArrayUnique(), Matches(KEY, { each: true, message: 'each value in $property must be a key: 1 to 64 of a-z, 0-9, _ and -' }));
}

/** A number with at most `decimals` decimals, also where JSON wrote it as 1e-7. */
export function HasDecimals(decimals: number): PropertyDecorator {
  const scale = 10 ** decimals;
  return rule('hasDecimals', `must have at most ${decimals} decimals`, (value) =>
    typeof value === 'number' && Math.abs(value * scale - Math.round(value * scale)) < 1e-6);
}

export function IsBelow(limit: number): PropertyDecorator {
  return rule('isBelow', `must be less than ${limit}`, (value) => typeof value === 'number' && value < limit);
}

export function NotTogetherWith(other: string): PropertyDecorator {
  return rule('notTogetherWith', `must not be given together with ${other}`, (_, { object }) => !(other in object) || (object as never)[other] === undefined);
}

export function DiffersFrom(other: string): PropertyDecorator {
  return rule('differsFrom', `must differ from ${other}`, (value, { object }) => value !== (object as never)[other]);
}

/** For what the contract names and this release does not do: refused in so many words, never accepted without effect. */
export function NotInThisRelease(instead: string, isAsked: (value: unknown) => boolean = () => true): PropertyDecorator {
  return rule('notInThisRelease', `is not supported in this release; ${instead}`, (value) => !isAsked(value));
}

function rule(name: string, message: string, holds: (value: unknown, args: ValidationArguments) => boolean): PropertyDecorator {
  return ValidateBy({
    name,
    validator: { validate: (value, args) => holds(value, args!), defaultMessage: () => `$property ${message}` },
  });
}
