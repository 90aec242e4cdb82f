import { randomBytes, randomUUID } from 'node:crypto';

/** The only source of chance, so that a test can make it repeat. */
export abstract class Random {
  abstract bytes(length: number): Buffer;
  abstract uuid(): string;
  /** Uniform in [0, 1). */
  abstract next(): number;
}

export class SystemRandom extends Random {
  bytes(length: number): Buffer {
    return randomBytes(length);
  }
  uuid(): string {
    return randomUUID();
  }
  next(): number {
    return Math.random();
  }
}
