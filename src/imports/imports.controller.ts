import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Param, Post, Put, Req, StreamableFile } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiConsumes, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { stringify } from 'csv-stringify/sync';
import type { Request } from 'express';
import { Scopes } from '../platform/auth/index.js';
import { Problem } from '../platform/errors/index.js';
import { NoBody } from '../platform/http/index.js';
import type { Rejection } from './import-store.js';
import { ImportView, NewImport } from './imports.dto.js';
import { Imports } from './imports.js';

@ApiTags('imports')
@Controller('v1/imports')
@Scopes('ingest')
export class ImportsController {
  constructor(private readonly imports: Imports) {}

  @Post()
  @ApiOperation({ summary: 'Announce a file to load', description: 'The file follows as PUT /v1/imports/{id}/file. What is imported triggers no campaign.' })
  @ApiCreatedResponse({ type: ImportView })
  create(@Body() body: NewImport): Promise<ImportView> {
    return this.imports.create(body);
  }

  @Put(':id/file')
  @HttpCode(202)
  @ApiOperation({ summary: 'Upload the file, streamed, at most 20 GB; gzip is recognised', description: 'The job begins when all of it is on disk. The file is deleted when the import is done, and after 7 days otherwise.' })
  @ApiConsumes('text/csv', 'application/x-ndjson', 'application/gzip')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiAcceptedResponse({ type: ImportView })
  async upload(@Param('id') id: string, @Req() request: Request): Promise<ImportView> {
    const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
    if (encoding !== 'gzip' && encoding !== 'identity') throw new Problem(415, 'The content encoding is not supported; gzip is.');
    try {
      return await this.imports.receive(id, request, encoding === 'gzip');
    } catch (error) {
      // Whoever sent it is gone; they may send it again.
      if (!request.complete && !(error instanceof Problem)) throw new Problem(400, 'The upload broke off; send the file again.');
      throw error;
    }
  }

  @Post(':id/resume')
  @HttpCode(202)
  @NoBody()
  @ApiOperation({ summary: 'Let a failed import go on behind the last row it stored; one whose process died goes on by itself' })
  @ApiAcceptedResponse({ type: ImportView })
  resume(@Param('id') id: string): Promise<ImportView> {
    return this.imports.resume(id);
  }

  @Get(':id')
  @ApiOkResponse({ type: ImportView })
  get(@Param('id') id: string): Promise<ImportView> {
    return this.imports.get(id);
  }

  @Get(':id/rejected')
  @ApiOperation({ summary: 'The refused rows as CSV, streamed: line of the file, path of the field, message' })
  @ApiProduces('text/csv')
  @ApiOkResponse({ schema: { type: 'string' } })
  async rejected(@Param('id') id: string): Promise<StreamableFile> {
    const file = new StreamableFile(Readable.from(lines(await this.imports.rejections(id))), {
      type: 'text/csv; charset=utf-8', disposition: `attachment; filename="import-${id}-rejected.csv"`,
    });
    // Nest would end the answer as if it were whole; a cut connection is the only honest sign of a broken stream.
    return file.setErrorHandler((error, response) => void (response as unknown as { destroy(e: Error): void }).destroy(error));
  }
}

async function* lines(pages: AsyncIterable<Rejection[]>): AsyncGenerator<string> {
  yield 'line,path,message\n';
  // A field's name comes from the file: no spreadsheet may run it as a formula.
  for await (const rows of pages) yield stringify(rows.map(({ line, path, message }) => [line, path, message]), { escape_formulas: true });
}
