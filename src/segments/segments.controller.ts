import { Readable } from 'node:stream';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { stringify } from 'csv-stringify/sync';
import { Scopes } from '../platform/auth/index.js';
import { decodeCursor, decodeIdCursor, PageQuery, ReadOnly, toPage, type Page } from '../platform/http/index.js';
import { parseInstant } from '../platform/time/index.js';
import { SegmentMembers, type Memberships } from './segment-members.js';
import { SegmentPreview, type Preview } from './segment-preview.js';
import type { MemberRow } from './segment-store.js';
import type { SegmentView } from './segment-view.js';
import { ChangeMembers, ChangeSegment, CreateSegment, HistoryQuery, MembersQuery, PreviewSegment } from './segments.dto.js';
import { Segments } from './segments.js';

interface Member {
  userId: string;
  enteredAt: Date;
}

@ApiTags('segments')
@Controller('v1')
@Scopes('marketer', 'analyst')
export class SegmentsController {
  constructor(
    private readonly segments: Segments,
    private readonly members: SegmentMembers,
    private readonly previews: SegmentPreview,
  ) {}

  @Post('segments')
  @Scopes('marketer')
  @ApiOperation({
    summary: 'Make a segment by rule, or a static one',
    description: 'The membership of a dynamic segment is there with the answer and then follows events, changes and time within 5 s; '
      + 'lagMs says how far it is behind. A launch evaluates the rule afresh. everyone is built in: all users.',
  })
  create(@Body() body: CreateSegment): Promise<SegmentView> {
    return this.segments.create(body);
  }

  @Get('segments')
  @ApiOperation({ summary: 'The segments by key, without the built-in one' })
  async list(@Query() query: PageQuery): Promise<Page<SegmentView>> {
    const rows = await this.segments.list(decodeCursor(query.cursor), query.limit + 1);
    return toPage(rows, query.limit, (row) => row.key);
  }

  @Post('segments/preview')
  @HttpCode(200)
  @ReadOnly()
  @ApiOperation({
    summary: 'Size, reach and a sample of a rule that is not kept',
    description: 'Exact and as of now; writes nothing. reachable counts whom marketing may and can reach: consent, and for push a '
      + 'device neither denied nor stale, for mail an address that is not suppressed. The sample are the ten oldest users.',
  })
  preview(@Body() { rule }: PreviewSegment): Promise<Preview> {
    return this.previews.preview(rule);
  }

  @Get('segments/:key')
  get(@Param('key') key: string): Promise<SegmentView> {
    return this.segments.get(key);
  }

  @Patch('segments/:key')
  @Scopes('marketer')
  @ApiOperation({ summary: 'Change name or rule; a new rule moves the members in one step' })
  change(@Param('key') key: string, @Body() body: ChangeSegment): Promise<SegmentView> {
    return this.segments.change(key, body);
  }

  @Delete('segments/:key')
  @HttpCode(204)
  @Scopes('marketer')
  @ApiOperation({ summary: 'Delete a segment with its history; 409 while a campaign, a segment or the fatigue policy uses it' })
  remove(@Param('key') key: string): Promise<void> {
    return this.segments.remove(key);
  }

  @Get('segments/:key/members')
  @ApiOperation({ summary: 'The members; with format all of them, streamed (csv: userId,enteredAt)' })
  async listMembers(@Param('key') key: string, @Query() { format, cursor, limit }: MembersQuery): Promise<Page<Member> | StreamableFile> {
    if (format) return streamed(format, await this.members.stream(key));
    const rows = await this.members.page(key, decodeIdCursor(cursor), limit + 1);
    const { data, nextCursor } = toPage(rows, limit, (row) => row.id);
    return { data: data.map(memberOf), nextCursor };
  }

  @Post('segments/:key/members')
  @HttpCode(200)
  @Scopes('marketer')
  @ApiOperation({ summary: 'Add users to and remove users from a static segment', description: 'Ids that no user has come back in unknown.' })
  changeMembers(@Param('key') key: string, @Body() { add, remove }: ChangeMembers): Promise<{ added: number; removed: number; unknown: string[] }> {
    return this.members.changeStatic(key, add ?? [], remove ?? []);
  }

  @Get('segments/:key/history')
  @ApiOperation({ summary: 'Entries and exits of each UTC day' })
  async history(@Param('key') key: string, @Query() { from, to }: HistoryQuery): Promise<Page<{ date: string; entered: number; exited: number }>> {
    const instant = (text?: string): Date | undefined => (text === undefined ? undefined : parseInstant(text));
    return { data: await this.members.history(key, instant(from), instant(to)), nextCursor: null };
  }

  @Get('users/:userId/segments')
  @ApiOperation({ summary: 'The segments that hold a user, and since when' })
  async ofUser(@Param('userId') userId: string): Promise<Page<Memberships>> {
    return { data: await this.members.ofUser(userId), nextCursor: null };
  }
}

const memberOf = ({ userId, enteredAt }: MemberRow): Member => ({ userId, enteredAt });

const TYPES = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson; charset=utf-8' };

function streamed(format: 'csv' | 'ndjson', pages: AsyncIterable<MemberRow[]>): StreamableFile {
  const file = new StreamableFile(Readable.from(lines(format, pages)), { type: TYPES[format] });
  // Nest would end the answer as if it were whole; a cut connection is the only honest sign of a broken stream.
  return file.setErrorHandler((error, response) => void (response as unknown as { destroy(e: Error): void }).destroy(error));
}

async function* lines(format: 'csv' | 'ndjson', pages: AsyncIterable<MemberRow[]>): AsyncGenerator<string> {
  if (format === 'csv') yield 'userId,enteredAt\n';
  for await (const rows of pages) {
    const members = rows.map(memberOf);
    yield format === 'ndjson'
      ? members.map((member) => `${JSON.stringify(member)}\n`).join('')
      : stringify(members.map(({ userId, enteredAt }) => [userId, enteredAt.toISOString()]));
  }
}
