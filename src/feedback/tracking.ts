import type { IncomingHttpHeaders } from 'node:http';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { MessageRef } from '../delivery/index.js';
import type { Answer } from '../platform/answer/index.js';
import { Clock } from '../platform/clock/index.js';
import { notFound } from '../platform/errors/index.js';
import { FastPath } from '../platform/fast-path/index.js';
import { Links } from './links.js';
import { isMachine } from './machine.js';
import type { MessageEvent } from './message-events.js';
import { MessageReports } from './message-reports.js';
import type { Message } from './messages.js';
import { TrackedLinks } from './tracked-links.js';

/** As much of a request as tells a person from a machine. */
export interface Fetched {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

const PICTURE_HEADERS = { 'Content-Type': 'image/gif', 'Cache-Control': 'no-store, max-age=0', 'Cross-Origin-Resource-Policy': 'cross-origin' };
/** The smallest transparent GIF. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const PICTURE: Answer = { status: 200, headers: PICTURE_HEADERS, body: PIXEL };

/** What the pictures and links of a mail answer, and what is written down of their being fetched. */
@Injectable()
export class Tracking implements OnModuleInit {
  private readonly logger = new Logger('feedback');

  constructor(
    private readonly links: Links,
    private readonly stored: TrackedLinks,
    private readonly reports: MessageReports,
    private readonly clock: Clock,
    private readonly fastPath: FastPath,
  ) {}

  onModuleInit(): void {
    this.fastPath.register(
      { method: 'GET', path: '/t/o/:token.gif', answer: (request) => this.open(request.parameter, request) },
      { method: 'GET', path: '/t/c/:token', answer: (request) => this.click(request.parameter, request) },
    );
  }

  /** @returns undefined for a token that is not ours. */
  open(token: string, fetched: Fetched): Promise<Answer> | undefined {
    const link = this.links.read('open', token);
    return link && this.record(link.ref, 'opened', fetched).then(() => PICTURE);
  }

  /** @returns undefined for a token that is not ours. @throws Problem 404 for a URL that was never stored */
  click(token: string, fetched: Fetched): Promise<Answer> | undefined {
    const link = this.links.read('click', token);
    return link?.linkId === undefined ? undefined : this.redirect(link.ref, link.linkId, fetched);
  }

  private async redirect(ref: MessageRef, linkId: string, fetched: Fetched): Promise<Answer> {
    const url = await this.stored.urlOf(linkId);
    if (url === undefined) throw notFound('link');
    await this.record(ref, 'clicked', fetched, linkId);
    return { status: 302, headers: { Location: url, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' }, body: '' };
  }

  /** A reader must reach the page, and a mail show its pictures, even where the click could not be written down. */
  private async record(ref: MessageRef, type: 'opened' | 'clicked', { method, headers }: Fetched, linkId?: string): Promise<void> {
    try {
      const now = this.clock.now();
      const purpose = headers['sec-purpose'] ?? headers.purpose ?? headers['x-purpose'] ?? headers['x-moz'];
      const hit = { method, userAgent: headers['user-agent'], purpose: purpose as string | undefined };
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
