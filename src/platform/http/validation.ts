import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { invalid, type FieldError } from '../errors/index.js';

/** class-validator for every DTO: unknown fields refused, every offending field named with its path. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => invalid(errors.flatMap((error) => flatten(error, ''))),
  });
}

export function flatten(error: ValidationError, parent: string): FieldError[] {
  const path = join(parent, error.property);
  const messages = Object.values(error.constraints ?? {});
  const own = messages.length > 0 ? [{ path, message: messages.join('; ') }] : [];
  // What stands inside something that should have been a list says nothing more than that.
  if (error.constraints?.isArray !== undefined) return own;
  return [...own, ...(error.children ?? []).flatMap((child) => flatten(child, path))];
}

function join(parent: string, property: string): string {
  if (/^\d+$/.test(property)) return `${parent}[${property}]`;
  return parent ? `${parent}.${property}` : property;
}
