import { Controller, Get, Global, Module, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Scopes } from '../auth/index.js';
import { Jobs, type JobView } from './jobs.js';

@ApiTags('jobs')
@Controller('v1/jobs')
@Scopes('marketer', 'analyst', 'ingest')
class JobsController {
  constructor(private readonly jobs: Jobs) {}

  @Get(':id')
  find(@Param('id') id: string): Promise<JobView> {
    return this.jobs.find(id);
  }
}

@Global()
@Module({ controllers: [JobsController], providers: [Jobs], exports: [Jobs] })
export class JobsModule {}
