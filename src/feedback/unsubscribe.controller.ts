import { Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { MessageRef } from '../delivery/index.js';
import { Public } from '../platform/auth/index.js';
import { sendPage } from '../platform/html/index.js';
import { Links } from './links.js';
import { Messages, type LinkRecipient } from './messages.js';
import { OptOuts } from './opt-outs.js';
import { refuseLink, speak, type Speech } from './pages/speech.js';
import { PAGE_STYLE } from './pages/style.js';
import { nameIn } from './pages/texts.js';
import { unsubscribeDone, unsubscribeQuestion } from './pages/unsubscribe-page.js';

@ApiTags('links')
@Controller('u')
@Public()
export class UnsubscribeController {
  constructor(
    private readonly links: Links,
    private readonly messages: Messages,
    private readonly optOuts: OptOuts,
  ) {}

  @Get(':token')
  @ApiOperation({ summary: 'A page that asks. It changes nothing, whoever fetches it: mail scanners follow every link.' })
  @ApiProduces('text/html')
  @ApiResponse({ status: 200 })
  async ask(@Param('token') token: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const found = await this.find(token, (ref) => this.messages.recipientOf(ref));
    if (!found) return refuseLink(request, response);
    const speech = speak(request, found.recipient?.locale);
    const body = unsubscribeQuestion(speech.texts, subjectOf(found.recipient, speech), found.preferencesUrl);
    sendPage(response, 200, { locale: speech.locale, title: speech.texts.unsubscribe, style: PAGE_STYLE, body });
  }

  @Post(':token')
  @HttpCode(200)
  @ApiOperation({ summary: 'Unsubscribes, by RFC 8058’s one-click body or the page’s form. A hundred times are as good as once.' })
  @ApiConsumes('application/x-www-form-urlencoded', 'multipart/form-data')
  @ApiProduces('text/html')
  @ApiResponse({ status: 200 })
  async unsubscribe(@Param('token') token: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    // Nobody left to unsubscribe is as good as done.
    const found = await this.find(token, (ref) => this.optOuts.unsubscribe(ref));
    if (!found) return refuseLink(request, response);
    const speech = speak(request, found.recipient?.locale);
    const body = unsubscribeDone(speech.texts, subjectOf(found.recipient, speech), found.preferencesUrl);
    sendPage(response, 200, { locale: speech.locale, title: speech.texts.unsubscribed, style: PAGE_STYLE, body });
  }

  private async find(token: string, recipientOf: (ref: MessageRef) => Promise<LinkRecipient | undefined>): Promise<Found | undefined> {
    const link = this.links.read('unsubscribe', token);
    if (!link) return undefined;
    return { recipient: await recipientOf(link.ref), preferencesUrl: this.links.forMessage(link.ref).preferences };
  }
}

interface Found {
  readonly recipient: LinkRecipient | undefined;
  readonly preferencesUrl: string;
}

function subjectOf(recipient: LinkRecipient | undefined, { texts, wished }: Speech): string {
  if (recipient?.topic) return nameIn(recipient.topicName ?? {}, wished, recipient.topic);
  return texts[recipient?.channel ?? 'email'];
}
