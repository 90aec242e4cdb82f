import { Controller, Get, Injectable, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { KeyRing, Public } from '../auth/index.js';
import { unauthenticated } from '../errors/index.js';

/** Prometheus metrics of this process. Labels are closed sets: never a user's or a campaign's id. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'rapport_' });
  }

  counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: `rapport_${name}`, help, labelNames, registers: [this.registry] });
  }

  /** @param collect reads the value when it is scraped. */
  gauge(name: string, help: string, collect: () => Promise<number>): Gauge {
    return new Gauge({
      name: `rapport_${name}`, help, registers: [this.registry],
      async collect() {
        this.set(await collect());
      },
    });
  }
}

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

@Controller('metrics')
@Public()
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly keys: KeyRing,
  ) {}

  /** From loopback without a key (a scraper beside the server), else with an admin key. */
  @Get()
  async scrape(@Req() request: Request, @Res() response: Response): Promise<void> {
    if (!LOOPBACK.has(request.socket.remoteAddress ?? '')) await this.requireAdmin(request);
    response.type(this.metrics.registry.contentType).send(await this.metrics.registry.metrics());
  }

  private async requireAdmin(request: Request): Promise<void> {
    const secret = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const caller = secret ? await this.keys.find(secret) : undefined;
    if (caller?.scope !== 'admin') throw unauthenticated('Metrics need an admin key from elsewhere than loopback.');
  }
}
