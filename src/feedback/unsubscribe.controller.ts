import { Controller, Get, HttpCode, Param, Post, Req, Res, type OnModuleInit } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { sendAnswer, type Answer } from '../platform/answer/index.js';
import { Public } from '../platform/auth/index.js';
import { FastPath } from '../platform/fast-path/index.js';
import { pageAnswer, sendPage } from '../platform/html/index.js';
import type { LinkContent } from './link-token.js';
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
export class UnsubscribeController implements OnModuleInit {
  constructor(
    private readonly links: Links,
    private readonly messages: Messages,
    private readonly optOuts: OptOuts,
    private readonly fastPath: FastPath,
  ) {}

  /** The body that RFC 8058 prescribes, as mail providers send it. */
  onModuleInit(): void {
    this.fastPath.register({
      method: 'POST', path: '/u/:token', type: 'application/x-www-form-urlencoded',
      answer: (request) => (request.body.equals(ONE_CLICK) ? this.answer(request.parameter, request) : undefined),
    });
  }

  @Get(':token')
  @ApiOperation({ summary: 'A page that asks. It changes nothing, whoever fetches it: mail scanners follow every link.' })
  @ApiProduces('text/html')
  @ApiResponse({ status: 200 })
  async ask(@Param('token') token: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const link = this.links.read('unsubscribe', token);
    if (!link) return refuseLink(request, response);
    const recipient = await this.messages.recipientOf(link.ref);
    const speech = speak(request, recipient?.locale);
    const body = unsubscribeQuestion(speech.texts, subjectOf(recipient, speech), this.links.preferencesOf(link.ref));
    sendPage(response, 200, { locale: speech.locale, title: speech.texts.unsubscribe, style: PAGE_STYLE, body });
  }

  @Post(':token')
  @HttpCode(200)
  @ApiOperation({ summary: 'Unsubscribes, by RFC 8058’s one-click body or the page’s form. A hundred times are as good as once.' })
  @ApiConsumes('application/x-www-form-urlencoded', 'multipart/form-data')
  @ApiProduces('text/html')
  @ApiResponse({ status: 200 })
  async unsubscribe(@Param('token') token: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const answer = this.answer(token, request);
    if (!answer) return refuseLink(request, response);
    sendAnswer(response, await answer);
  }

  /** @returns undefined for a token that is not ours. */
  private answer(token: string, asking: Pick<Request, 'headers'>): Promise<Answer> | undefined {
    const link = this.links.read('unsubscribe', token);
    return link && this.done(link, asking);
  }

  private async done({ ref }: LinkContent, asking: Pick<Request, 'headers'>): Promise<Answer> {
    // Nobody left to unsubscribe is as good as done.
    const recipient = await this.optOuts.unsubscribe(ref);
    const speech = speak(asking, recipient?.locale);
    const body = unsubscribeDone(speech.texts, subjectOf(recipient, speech), this.links.preferencesOf(ref));
    return pageAnswer(200, { locale: speech.locale, title: speech.texts.unsubscribed, style: PAGE_STYLE, body });
  }
}

const ONE_CLICK = Buffer.from('List-Unsubscribe=One-Click');

function subjectOf(recipient: LinkRecipient | undefined, { texts, wished }: Speech): string {
  if (recipient?.topic) return nameIn(recipient.topicName ?? {}, wished, recipient.topic);
  return texts[recipient?.channel ?? 'email'];
}
