import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { sendAnswer, type Answer } from '../platform/answer/index.js';
import { Public } from '../platform/auth/index.js';
import { notFound } from '../platform/errors/index.js';
import { Tracking } from './tracking.js';

/** What mail readers fetch. A GET of these never changes what anybody agreed to. */
@ApiTags('links')
@Controller('t')
@Public()
export class TrackingController {
  constructor(private readonly tracking: Tracking) {}

  @Get('o/:token.gif')
  @ApiOperation({ summary: 'The picture that tells that a mail was opened.' })
  @ApiProduces('image/gif')
  @ApiResponse({ status: 200 })
  async open(@Param('token') token: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    sendAnswer(response, await known(this.tracking.open(token, request), 'picture'));
  }

  @Get('c/:token')
  @ApiOperation({ summary: 'A link of a mail: redirects to the URL that was stored when it was sent, and to no other.' })
  @ApiResponse({ status: 302 })
  async click(@Param('token') token: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    sendAnswer(response, await known(this.tracking.click(token, request), 'link'));
  }
}

function known(answer: Promise<Answer> | undefined, what: string): Promise<Answer> {
  if (!answer) throw notFound(what);
  return answer;
}
