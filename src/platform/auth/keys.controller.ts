import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IsIn, IsString, Length } from 'class-validator';
import { PageQuery, SecretAnswer, decodeIdCursor, toPage, type Page } from '../http/index.js';
import { SCOPES, type Scope } from './caller.js';
import { KeyRing, type KeyRow } from './key-ring.js';
import { Scopes } from './scopes.guard.js';

class CreateKey {
  @IsString() @Length(1, 200)
  name: string;

  @IsIn(SCOPES)
  scope: Scope;
}

@ApiTags('keys')
@Controller('v1/keys')
@Scopes('admin')
export class KeysController {
  constructor(private readonly keys: KeyRing) {}

  @Post()
  @SecretAnswer()
  create(@Body() body: CreateKey): Promise<KeyRow & { key: string }> {
    return this.keys.create(body.name, body.scope);
  }

  @Get()
  async list(@Query() query: PageQuery): Promise<Page<KeyRow>> {
    const rows = await this.keys.list(decodeIdCursor(query.cursor), query.limit + 1);
    return toPage(rows, query.limit, (row) => row.id);
  }

  @Delete(':id')
  @HttpCode(204)
  revoke(@Param('id') id: string): Promise<void> {
    return this.keys.revoke(id);
  }
}
