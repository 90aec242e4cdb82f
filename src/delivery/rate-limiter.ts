import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../platform/config/index.js';
import { SenderDatabase, sqlFile } from '../platform/database/index.js';
import { SharedRedis } from '../platform/queue/index.js';

const reserve = sqlFile<{ channel: string; size: number; spacingMs: number }, { waitMs: number }>(import.meta.url, './sql/reserve-provider-pace.sql');

/** Of the project's quota: the rest is left to whoever else sends under it, and to the stand-in while Redis is away. */
const SHARE = 0.8;
/** Google asks senders to ramp up over a minute rather than to jump to their full rate. */
const FIRST_PER_SECOND = 2_500;
const RAMP_MS = 60_000;
/** Longer without a request, and the ramp begins anew. */
const IDLE_MS = 60_000;
/** A slice waits at most so long for its turn; else it is given back, so that its claim does not age. */
const MAX_WAIT_MS = 1_000;

/**
 * GCRA: the state is the instant at which the next request may leave, and since when we send. Redis's own clock, one script, so
 * that all workers share one truth. Answers the wait in milliseconds; where that is too long nothing is reserved.
 */
const SCRIPT = `
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local full, first, ramp, idle, most, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local free = tonumber(redis.call('HGET', KEYS[1], 'free') or '0')
local since = tonumber(redis.call('HGET', KEYS[1], 'since') or '0')
if now - free > idle then since = now end
local rate = math.min(full, first + (full - first) * math.min(1, (now - since) / ramp)) / 1000
local at = math.max(free, now)
if at - now <= most then
  redis.call('HSET', KEYS[1], 'free', string.format('%.3f', at + n / rate), 'since', string.format('%.3f', since))
  redis.call('PEXPIRE', KEYS[1], 600000)
end
return string.format('%.3f', at - now)`;

export interface Turn {
  readonly waitMs: number;
  /** false: the turn is too far off; nothing was reserved. */
  readonly reserved: boolean;
}

/** Keeps all workers together below the provider's quota. */
@Injectable()
export class RateLimiter {
  private readonly logger = new Logger('rate');
  private readonly perSecond: number;
  private away = false;

  constructor(
    private readonly redis: SharedRedis,
    private readonly database: SenderDatabase,
    config: Config,
  ) {
    this.perSecond = (config.env.FCM_QUOTA_PER_MINUTE / 60) * SHARE;
  }

  /** Reserves `size` push requests. */
  async reserve(size: number): Promise<Turn> {
    const first = Math.min(FIRST_PER_SECOND, this.perSecond);
    try {
      const wait = await this.redis.run(SCRIPT, ['rate:push'], [this.perSecond, first, RAMP_MS, IDLE_MS, MAX_WAIT_MS, size]);
      this.away = false;
      return turn(Number(wait));
    } catch (error) {
      if (!this.away) this.logger.warn({ msg: 'Redis is away: the rate is kept in Postgres, at a fifth of the quota', err: error });
      this.away = true;
      return this.withoutRedis(size);
    }
  }

  /** In Postgres, out of the fifth of the quota that the bucket leaves: safe even where some workers still see Redis and some do not. */
  private async withoutRedis(size: number): Promise<Turn> {
    const spacingMs = 1_000 / ((this.perSecond / SHARE) * (1 - SHARE));
    const [row] = await this.database.query(reserve, { channel: 'push', size, spacingMs });
    return row ? turn(row.waitMs) : { waitMs: MAX_WAIT_MS, reserved: false };
  }
}

function turn(waitMs: number): Turn {
  return { waitMs: Math.max(0, waitMs), reserved: waitMs <= MAX_WAIT_MS };
}
