import { Controller, Get, Logger, Param, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { MessageRef } from '../delivery/index.js';
import { Public } from '../platform/auth/index.js';
import { Clock } from '../platform/clock/index.js';
import { notFound } from '../platform/errors/index.js';
import { Links } from './links.js';
import { isMachine } from './machine.js';
import type { MessageEvent } from './message-events.js';
import { MessageReports } from './message-reports.js';
import type { Message } from './messages.js';
import { TrackedLinks } from './tracked-links.js';

/** The smallest transparent GIF. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** What mail readers fetch. A GET of these never changes what anybody agreed to. */
@ApiTags('links')
@Controller('t')
@Public()
export class TrackingController {
  private readonly logger = new Logger('feedback');

  constructor(
    private readonly links: Links,
    private readonly stored: TrackedLinks,
    private readonly reports: MessageReports,
    private readonly clock: Clock,
  ) {}

  @Get('o/:token.gif')
  @ApiOperation({ summary: 'The picture that tells that a mail was opened.' })
  @ApiProduces('image/gif')
  @ApiResponse({ status: 200 })
  async open(@Param('token') token: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const link = this.links.read('open', token);
    if (!link) throw notFound('picture');
    await this.record(link.ref, 'opened', request);
    response.set({ 'Content-Type': 'image/gif', 'Cache-Control': 'no-store, max-age=0', 'Cross-Origin-Resource-Policy': 'cross-origin' });
    response.send(PIXEL);
  }

  @Get('c/:token')
  @ApiOperation({ summary: 'A link of a mail: redirects to the URL that was stored when it was sent, and to no other.' })
  @ApiResponse({ status: 302 })
  async click(@Param('token') token: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const link = this.links.read('click', token);
    const url = link?.linkId === undefined ? undefined : await this.stored.urlOf(link.linkId);
    if (!link || url === undefined) throw notFound('link');
    await this.record(link.ref, 'clicked', request, link.linkId);
    response.set({ Location: url, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    response.status(302).end();
  }

  /** A reader must reach the page, and a mail show its pictures, even where the click could not be written down. */
  private async record(ref: MessageRef, type: 'opened' | 'clicked', request: Request, linkId?: string): Promise<void> {
    try {
      const now = this.clock.now();
      const purpose = request.get('sec-purpose') ?? request.get('purpose') ?? request.get('x-purpose') ?? request.get('x-moz');
      const hit = { method: request.method, userAgent: request.get('user-agent'), purpose };
      const action = linkId === undefined ? {} : { action: `link ${linkId}` };
      const eventsOf = ({ settledAt }: Message): MessageEvent[] => {
        const machine = isMachine({ ...hit, sinceSentMs: settledAt ? now.getTime() - settledAt.getTime() : undefined });
        return [{ ref, type, machine, source: type === 'opened' ? 'pixel' : 'link', occurredAt: now, ...action }];
      };
      await this.reports.take({ ref, eventsOf });
    } catch (error) {
      this.logger.error({ err: error, msg: `a message ${type} was not recorded` });
    }
  }
}
