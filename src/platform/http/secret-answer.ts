import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { SetMetadata } from '@nestjs/common';
import type { Random } from '../random/index.js';

export const SECRET_ANSWER = 'secret-answer';

/** A POST whose answer shows a secret that is stored nowhere else: what is kept of it under an Idempotency-Key is sealed. */
export const SecretAnswer = (): MethodDecorator => SetMetadata(SECRET_ANSWER, true);

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals a kept answer with the API key of the caller, of which the database has only a hash: a copy of the database opens none.
 * @param apiKey as the request carried it
 */
export function seal(answer: string, apiKey: string, random: Random): string {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyFrom(apiKey), nonce);
  const text = Buffer.concat([cipher.update(answer, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
}

/** @throws Error if it was sealed with another key, or changed */
export function unseal(sealed: string, apiKey: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv(CIPHER, keyFrom(apiKey), bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
}

function keyFrom(apiKey: string): Buffer {
  return Buffer.from(hkdfSync('sha256', apiKey, '', 'kept answer', 32));
}
