import { Controller, Get, HttpCode, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../auth/index.js';
import { ApiDatabase } from '../database/index.js';
import { Problem } from '../errors/index.js';
import { SharedRedis } from '../queue/index.js';

/** Flips when shutdown begins, so that a balancer stops sending requests before the port closes. */
@Injectable()
export class Shutdown implements BeforeApplicationShutdown {
  begun = false;
  beforeApplicationShutdown(): void {
    this.begun = true;
  }
}

const PING_MS = 2_000;

@ApiTags('operating')
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly database: ApiDatabase,
    private readonly redis: SharedRedis,
    private readonly shutdown: Shutdown,
  ) {}

  /** The process answers. Never looks at dependencies: restarting it would not mend them. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Postgres is required. Redis is a doorbell: without it sending goes on by the sweeper, and this says `degraded`. */
  @Get('ready')
  @HttpCode(200)
  async ready(): Promise<{ status: 'ok' | 'degraded'; postgres: 'up'; redis: 'up' | 'down' }> {
    if (this.shutdown.begun) throw new Problem(503, 'The server is shutting down.');
    const [postgres, redis] = await Promise.all([within(this.database.raw('select 1')), within(this.redis.ping())]);
    if (!postgres) throw new Problem(503, 'Postgres does not answer.', undefined, { 'Retry-After': '5' });
    return { status: redis ? 'ok' : 'degraded', postgres: 'up', redis: redis ? 'up' : 'down' };
  }
}

async function within(work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), PING_MS)));
  try {
    return await Promise.race([work.then(() => true, () => false), late]);
  } finally {
    clearTimeout(timer);
  }
}
