import { randomBytes } from 'node:crypto';

export interface TestRedis {
  /** As REDIS_URL takes it. */
  url: string;
  /** For Bull's `prefix`: no other test file has it. */
  prefix: string;
}

/** The run's Redis and a key prefix of this caller's own. */
export function testRedis(): TestRedis {
  const url = process.env.RAPPORT_TEST_REDIS;
  if (!url) throw new Error('No test Redis: run this through jest, which starts it (unit specs below src/ get none).');
  return { url, prefix: `test-${process.pid}-${randomBytes(6).toString('hex')}` };
}
