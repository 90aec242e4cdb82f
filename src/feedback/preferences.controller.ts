import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Public } from '../platform/auth/index.js';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import { invalidField } from '../platform/errors/index.js';
import { sendPage } from '../platform/html/index.js';
import { SettingsService } from '../settings/index.js';
import { Links } from './links.js';
import { Messages, type LinkRecipient } from './messages.js';
import { OptOuts } from './opt-outs.js';
import { refuseLink, speak } from './pages/speech.js';
import { preferencesForm, type ListedTopic } from './pages/preferences-page.js';
import { PAGE_STYLE } from './pages/style.js';
import { postedWishes, SHOWN, type PreferenceState } from './preferences.js';

const listTopics = sqlFile<object, ListedTopic>(import.meta.url, './sql/list-listed-topics.sql');

@ApiTags('links')
@Controller('preferences')
@Public()
export class PreferencesController {
  constructor(
    private readonly links: Links,
    private readonly messages: Messages,
    private readonly optOuts: OptOuts,
    private readonly settings: SettingsService,
    private readonly database: ApiDatabase,
  ) {}

  @Get(':token')
  @ApiOperation({ summary: 'Channels and listed topics, in the person’s language; a plain form that needs no script.' })
  @ApiProduces('text/html')
  @ApiResponse({ status: 200 })
  async show(@Param('token') token: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const recipient = await this.find(token);
    if (!recipient) return refuseLink(request, response);
    await this.send(request, response, recipient, false);
  }

  @Post(':token')
  @HttpCode(200)
  @ApiOperation({ summary: 'Takes the form: ticked is subscribed, empty is unsubscribed, and only what was changed is written down.' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({
    schema: {
      type: 'object', required: [SHOWN], additionalProperties: { type: 'string' },
      properties: { [SHOWN]: { type: 'string', example: 'email email.promo push push.promo', description: 'The boxes that stood in the form.' } },
    },
  })
  @ApiProduces('text/html')
  @ApiResponse({ status: 200 })
  async save(
    @Param('token') token: string, @Body() body: Record<string, unknown>, @Req() request: Request, @Res() response: Response,
  ): Promise<void> {
    const recipient = await this.find(token);
    if (!recipient) return refuseLink(request, response);
    const topics = await this.database.query(listTopics, {});
    const wishes = postedWishes(await this.stateOf(recipient), topics.map((topic) => topic.key), body);
    if (!wishes) throw invalidField(SHOWN, 'must list the boxes of the form, as the page sends it');
    await this.optOuts.change(recipient, wishes, 'preference-page');
    await this.send(request, response, recipient, true);
  }

  private async send(request: Request, response: Response, recipient: LinkRecipient, saved: boolean): Promise<void> {
    const [topics, state] = await Promise.all([this.database.query(listTopics, {}), this.stateOf(recipient)]);
    const { locale, texts, wished } = speak(request, recipient.locale);
    const body = preferencesForm(texts, state, topics, wished, saved);
    sendPage(response, 200, { locale, title: texts.preferences, style: PAGE_STYLE, body });
  }

  private async stateOf(recipient: LinkRecipient): Promise<PreferenceState> {
    const [wishes, settings] = await Promise.all([this.optOuts.wishesOf(recipient.internalId), this.settings.get()]);
    return { wishes, consent: settings.consent };
  }

  private async find(token: string): Promise<LinkRecipient | undefined> {
    const link = this.links.read('preferences', token);
    return link && this.messages.recipientOf(link.ref);
  }
}
