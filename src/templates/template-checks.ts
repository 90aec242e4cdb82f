import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../platform/config/index.js';
import { ThreadError, ThreadPool } from '../platform/threads/index.js';
import { checkTexts } from './check-tasks.js';
import type * as tasks from './check-tasks.js';
import type { Mistake } from './mistake.js';
import type { TemplateChannel } from './template-fields.js';

/** Characters of JSON. Parsing takes up to half a millisecond for 1,000: this much keeps the turn that rendering keeps. */
const INLINE_SIZE = 16_000;
/** A hundred times what the largest content takes. One thread, so that writing templates takes one core at most. */
const THREADS = { threads: 1, memoryMb: 128, timeMs: 30_000 };

/** Checks contents that are to be written: an ordinary one at once, a large one, whose parsing takes up to 0.4 s, in a thread. */
@Injectable()
export class TemplateChecks implements OnApplicationShutdown {
  private readonly threads = new ThreadPool<typeof tasks>(new URL('./check-tasks.js', import.meta.url), THREADS);

  constructor(private readonly config: Config) {}

  async onApplicationShutdown(): Promise<void> {
    await this.threads.close();
  }

  /** @throws what is no fault of the content: the pool was closed, a thread crashed */
  async check(channel: TemplateChannel, content: unknown): Promise<Mistake[]> {
    const { mailFromDomains } = this.config;
    const size = JSON.stringify(content)?.length ?? 0;
    if (size <= INLINE_SIZE) return checkTexts(channel, content, mailFromDomains);
    try {
      return await this.threads.run('checkTexts', [channel, content, mailFromDomains]);
    } catch (error) {
      const reason = error instanceof ThreadError ? error.reason : undefined;
      if (reason === 'timeout' || reason === 'memory') return [{ path: 'content', message: 'takes too much to be checked' }];
      throw reason === 'failed' ? (error as ThreadError).cause ?? error : error;
    }
  }
}
