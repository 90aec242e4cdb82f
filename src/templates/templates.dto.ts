import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsInt, IsObject, IsString, Length, Matches, Max, Min, ValidateIf } from 'class-validator';
import { PageQuery } from '../platform/http/index.js';
import type { Json } from './fcm-fields.js';
import type { TemplateChannel } from './template-fields.js';

/** Not IsOptional: that would let null through. */
const MayBeAbsent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

const CHANNELS: TemplateChannel[] = ['push', 'email'];
const KEY = /^[a-z0-9_-]{1,64}$/;
const KEY_MESSAGE = { message: 'key must have 1 to 64 of a-z, 0-9, _ and -' };
const INT4_MAX = 2_147_483_647;

const CONTENT = {
  type: 'object',
  additionalProperties: true,
  description:
    'From locale to content. Push: title, body, imageUrl, deepLink, data, dataOnly, android, apns, webpush. Email: subject, preheader, html, text, '
    + 'fromName, from, replyTo. Every text, those inside data and the three blocks included, is a Handlebars template. Helpers: default, number, '
    + 'currency, date, upper, lower, title, plural; blocks: if, unless, each, with. TTL, collapse ids and mutable-content in the blocks are overridden '
    + 'by ours. With dataOnly, title, body and imageUrl travel as data keys.',
  example: { en: { title: 'Hi {{default user.attributes.firstName "there"}}', body: 'Your {{upper user.attributes.plan}} plan ends soon' } },
} as const;

/** What stands beside the content, which has its own check. */
export class TemplateEnvelope {
  @ApiProperty({ example: 'winback', pattern: KEY.source })
  @Matches(KEY, KEY_MESSAGE)
  key: string;

  @ApiProperty({ enum: CHANNELS })
  @IsIn(CHANNELS)
  channel: TemplateChannel;

  @ApiProperty({ example: 'en' })
  @IsString() @Length(1, 35)
  defaultLocale: string;

  @ApiProperty({ type: [String], required: false, maxItems: 20 })
  @MayBeAbsent() @IsArray() @ArrayMaxSize(20) @ArrayUnique() @IsString({ each: true }) @Length(1, 64, { each: true })
  tags?: string[];
}

/** A new version: key and channel are what they are, and may only be repeated. */
export class TemplateChange {
  @ApiProperty({ required: false, description: 'If given, the key of the path.' })
  @MayBeAbsent() @Matches(KEY, KEY_MESSAGE)
  key?: string;

  @ApiProperty({ enum: CHANNELS, required: false, description: 'If given, the channel it has.' })
  @MayBeAbsent() @IsIn(CHANNELS)
  channel?: TemplateChannel;

  @ApiProperty({ required: false, description: 'Absent: as before.' })
  @MayBeAbsent() @IsString() @Length(1, 35)
  defaultLocale?: string;

  @ApiProperty({ type: [String], required: false, maxItems: 20, description: 'Absent: as before.' })
  @MayBeAbsent() @IsArray() @ArrayMaxSize(20) @ArrayUnique() @IsString({ each: true }) @Length(1, 64, { each: true })
  tags?: string[];
}

/** For the OpenAPI document: the whole body. */
export class CreateTemplate extends TemplateEnvelope {
  @ApiProperty(CONTENT)
  content: Json;
}

export class ReplaceTemplate extends TemplateChange {
  @ApiProperty(CONTENT)
  content: Json;
}

export class TemplateQuery extends PageQuery {
  @ApiProperty({ enum: CHANNELS, required: false })
  @MayBeAbsent() @IsIn(CHANNELS)
  channel?: TemplateChannel;

  @ApiProperty({ required: false })
  @MayBeAbsent() @IsString() @Length(1, 64)
  tag?: string;
}

export class VersionQuery {
  @ApiProperty({ required: false, description: 'Absent: the newest.' })
  @MayBeAbsent()
  @Transform(({ value }) => (typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value))
  @IsInt() @Min(1) @Max(INT4_MAX)
  version?: number;
}

export class PreviewTemplate {
  @ApiProperty({ required: false, description: 'Render for this person.' })
  @MayBeAbsent() @IsString() @Length(1, 255)
  userId?: string;

  @ApiProperty({
    type: 'object', additionalProperties: true, selfRequired: false,
    description: 'user, scores, campaign, event and links as a template sees them; over those of userId where both are given. campaign and links have samples.',
  })
  @MayBeAbsent() @IsObject()
  context?: Json;

  @ApiProperty({ required: false, description: 'Absent: the locale of the person.' })
  @MayBeAbsent() @IsString() @Length(1, 35)
  locale?: string;
}

export class TemplateView {
  @ApiProperty() key: string;
  @ApiProperty({ enum: CHANNELS }) channel: TemplateChannel;
  @ApiProperty() version: number;
  @ApiProperty() latestVersion: number;
  @ApiProperty(CONTENT) content: Json;
  @ApiProperty() defaultLocale: string;
  @ApiProperty({ type: [String] }) tags: string[];
  @ApiProperty() createdAt: Date;
  @ApiProperty({ description: 'When this version was written.' }) updatedAt: Date;
}
