import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsBoolean, ValidateBy } from 'class-validator';
import { Scopes } from '../platform/auth/index.js';
import { invalidField } from '../platform/errors/index.js';
import { MayBeAbsent, PageQuery, decodeCursor, isPlainObject, toPage, type Page } from '../platform/http/index.js';
import { canonicalLocale } from './locale.js';
import { KEY, KEY_MESSAGE } from './subscription.js';
import { Topics, type Topic } from './topics.js';

const MAX_NAME = 200;
const MAX_LOCALES = 100;

/** An object of at least one text, each under a language tag. */
const IsTextByLocale = (): PropertyDecorator => ValidateBy({
  name: 'isTextByLocale',
  validator: {
    validate: (value) => {
      if (!isPlainObject(value)) return false;
      const entries = Object.entries(value);
      return entries.length >= 1 && entries.length <= MAX_LOCALES && entries.every(([locale, text]) =>
        canonicalLocale(locale) !== undefined && typeof text === 'string' && text.trim().length > 0 && text.length <= MAX_NAME);
    },
    defaultMessage: () => `$property must be an object of texts of 1 to ${MAX_NAME} characters under language tags, such as {"en": "Offers"}`,
  },
});

class PutTopic {
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { en: 'Offers', de: 'Angebote' } })
  @IsTextByLocale()
  name: Record<string, string>;

  @ApiProperty({ default: true, required: false })
  @MayBeAbsent() @IsBoolean()
  listed?: boolean;
}

type TopicView = Omit<Topic, 'id'>;

@ApiTags('topics')
@Controller('v1/topics')
@Scopes('marketer')
export class TopicsController {
  constructor(private readonly topics: Topics) {}

  @Put(':key')
  async put(@Param('key') key: string, @Body() body: PutTopic): Promise<TopicView> {
    if (!KEY.test(key)) throw invalidField('key', KEY_MESSAGE);
    const name = Object.fromEntries(Object.entries(body.name).map(([locale, text]) => [canonicalLocale(locale)!, text]));
    return present(await this.topics.put(key, name, body.listed ?? true));
  }

  @Get()
  async list(@Query() query: PageQuery): Promise<Page<TopicView>> {
    const rows = await this.topics.list(decodeCursor(query.cursor), query.limit + 1);
    const { data, nextCursor } = toPage(rows, query.limit, (topic) => topic.key);
    return { data: data.map(present), nextCursor };
  }
}

function present({ id: _, ...view }: Topic): TopicView {
  return view;
}
