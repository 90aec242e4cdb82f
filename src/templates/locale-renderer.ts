import { ThreadError, type ThreadPool } from '../platform/threads/index.js';
import type { CompiledContent } from './compiled-content.js';
import { compileLocale, countMustaches, renderLocale, type LocaleRequest, type LocaleResult, type LocaleSource } from './locale-rendering.js';
import { RenderBudget, TooMuchInline } from './render-state.js';
import type { RenderTurns } from './render-turns.js';
import type * as tasks from './render-tasks.js';

export type RenderThreads = Pick<ThreadPool<typeof tasks>, 'run'>;

/** A locale with more mustaches than one text may have is compiled and rendered in threads: compiling it would take too long here. */
const INLINE_MUSTACHES = 500;
/** So many messages, and a tenth of all, asked for more than the event loop gives: the others go to the threads straight away. */
const HEAVY_AFTER = 5;
/** The count of work ends a message within some 20 ms; the clock is only there for what counting has not foreseen. */
export const RENDER_MS = 2_000;
/** Ten times what compiling takes. */
const COMPILE_MS_PER_MUSTACHE = 0.6;

/**
 * Renders one locale's messages: on the event loop, compiled once, as long as a message stays small; in a thread otherwise, where
 * neither a loop over a large cart nor a fault of ours in counting holds anybody else up.
 */
export class LocaleRenderer {
  private readonly mustaches: number;
  private compiled: CompiledContent | undefined;
  private rendered = 0;
  private tooMuch = 0;

  constructor(
    private readonly key: string,
    private readonly source: LocaleSource,
    private readonly turns: RenderTurns,
    private readonly threads: RenderThreads,
    private readonly onText: () => void,
  ) {
    this.mustaches = countMustaches(source);
  }

  /** @throws whatever is no fault of template or data: the pool was closed, a thread crashed */
  render(request: LocaleRequest): LocaleResult | Promise<LocaleResult> {
    if (this.heavy) return this.inThread(request);
    try {
      const result = this.turns.run(() => this.inline(request));
      return result instanceof Promise ? result.catch((error: unknown) => this.tooMuchFor(request, error)) : result;
    } catch (error) {
      return this.tooMuchFor(request, error);
    }
  }

  private tooMuchFor(request: LocaleRequest, error: unknown): Promise<LocaleResult> {
    if (!(error instanceof TooMuchInline)) throw error;
    this.tooMuch++;
    return this.inThread(request);
  }

  private inline(request: LocaleRequest): LocaleResult {
    this.rendered++;
    this.compiled ??= compileLocale(this.source, this.onText);
    return renderLocale(this.compiled, request, new RenderBudget(true));
  }

  private get heavy(): boolean {
    return this.mustaches > INLINE_MUSTACHES || (this.tooMuch >= HEAVY_AFTER && this.tooMuch * 10 > this.rendered);
  }

  private async inThread(request: LocaleRequest): Promise<LocaleResult> {
    const timeMs = RENDER_MS + this.mustaches * COMPILE_MS_PER_MUSTACHE;
    try {
      return await this.threads.run('renderMessage', [this.key, this.source, request], { timeMs });
    } catch (error) {
      const reason = error instanceof ThreadError ? error.reason : undefined;
      if (reason === 'timeout') return this.failed('takes too long to render');
      if (reason === 'memory') return this.failed('takes too much memory to render');
      throw reason === 'failed' ? (error as ThreadError).cause ?? error : error;
    }
  }

  private failed(message: string): LocaleResult {
    return { ok: false, failures: [{ path: `content.${this.source.name}`, message }] };
  }
}
