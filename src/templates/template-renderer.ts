import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ThreadError, ThreadPool } from '../platform/threads/index.js';
import { SettingsService } from '../settings/index.js';
import { BoundedCache } from './bounded-cache.js';
import { formatLocale, canonicalLocale, pickLocale } from './locale-fallback.js';
import { LocaleRenderer, RENDER_MS } from './locale-renderer.js';
import type { LocaleResult, LocaleSource } from './locale-rendering.js';
import type { Mistake } from './mistake.js';
import type { RenderContext } from './render-context.js';
import type { RenderResult, RenderedEmail, RenderedPush } from './render-result.js';
import { RenderTurns } from './render-turns.js';
import type * as tasks from './render-tasks.js';
import { TemplateStore, type StoredVersion } from './template-store.js';

export interface RenderRequest {
  readonly templateId: string;
  readonly version: number;
  /** The person's; null for the template's default. */
  readonly locale: string | null;
  /** Marketing mail that shows neither of its links gets a footer. */
  readonly marketing: boolean;
  readonly context: RenderContext;
}

/** As {@link RenderResult}, with every failure and its field: for people who are writing the template. */
export type DetailedResult =
  | { ok: true; locale: string; channel: 'push'; content: RenderedPush }
  | { ok: true; locale: string; channel: 'email'; content: RenderedEmail }
  | { ok: false; failures: Mistake[] };

interface LoadedVersion {
  /** Of the version; it never changes. */
  readonly key: string;
  readonly stored: StoredVersion;
  /** The author's spelling of each locale by its canonical one. */
  readonly locales: ReadonlyMap<string, string>;
  readonly defaultLocale: string;
  readonly renderers: Map<string, LocaleRenderer>;
}

/** Characters of source kept compiled; their code takes about ten times as much memory. */
const CACHE_WEIGHT = 4_000_000;
/** One is enough for what does not belong on the event loop, and leaves the other cores to the others. */
const THREADS = { threads: 1, memoryMb: 128, timeMs: RENDER_MS };

/**
 * Renders templates for people. Each text is compiled once for its (template, version, locale, field): compiling for every message
 * costs a hundred times as much as rendering.
 */
@Injectable()
export class TemplateRenderer implements OnApplicationShutdown {
  private readonly logger = new Logger(TemplateRenderer.name);
  private readonly versions = new BoundedCache<LoadedVersion>(CACHE_WEIGHT);
  private readonly threads = new ThreadPool<typeof tasks>(new URL('./render-tasks.js', import.meta.url), THREADS);
  private readonly turns: RenderTurns;
  private readonly loading = new Map<string, Promise<LoadedVersion | undefined>>();
  private compilations = 0;

  constructor(
    private readonly store: TemplateStore,
    private readonly settings: SettingsService,
    clock: Clock,
  ) {
    this.turns = new RenderTurns(clock);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.threads.close();
  }

  /** Texts compiled since the start: stands still once every template in use is warm. */
  get compiledTexts(): number {
    return this.compilations;
  }

  /** To be waited for once before many messages are rendered together. */
  turn(): Promise<void> {
    return this.turns.open();
  }

  /** Never throws for what is in the template or the person's data; a database that is away does throw. */
  async render(request: RenderRequest): Promise<RenderResult> {
    const result = await this.renderDetailed(request);
    if (!result.ok) return { ok: false, error: result.failures.map(({ path, message }) => `${path}: ${message}`).join('; ').slice(0, 1_000) };
    return { ok: true, channel: result.channel, content: result.content } as RenderResult;
  }

  async renderDetailed(request: RenderRequest): Promise<DetailedResult> {
    // What is at hand is not waited for: a promise for each step of each message costs more than the step.
    const version = this.versions.get(keyOf(request.templateId, request.version)) ?? (await this.load(request.templateId, request.version));
    if (!version) return { ok: false, failures: [{ path: 'template', message: `version ${request.version} does not exist` }] };
    const { currency, defaultTimezone } = this.settings.fresh ?? (await this.settings.get());
    const locale = pickLocale(version.locales, request.locale, version.defaultLocale);
    const state = { locale: formatLocale(request.locale, locale), zone: request.context.user?.timezone ?? defaultTimezone, currency };
    const links = request.marketing ? request.context.links : undefined;
    const result = await this.attempt(request, version, locale, () => this.rendererOf(version, locale).render({ locale, state, links, context: request.context }));
    if (!result.ok) return { ok: false, failures: result.failures };
    return { ok: true, locale: version.locales.get(locale)!, channel: version.stored.channel, content: result.content } as DetailedResult;
  }

  private async attempt(request: RenderRequest, version: LoadedVersion, locale: string, render: () => LocaleResult | Promise<LocaleResult>): Promise<LocaleResult> {
    try {
      return await render();
    } catch (error) {
      // A thread that is gone says nothing about the message: it is rendered another time.
      if (error instanceof ThreadError) throw error;
      // A fault of ours must cost this message, not the five hundred others of its chunk.
      this.logger.error({ msg: 'rendering failed', templateId: request.templateId, version: request.version, err: error });
      return { ok: false, failures: [{ path: `content.${version.locales.get(locale)!}`, message: 'cannot be rendered' }] };
    }
  }

  private rendererOf(version: LoadedVersion, locale: string): LocaleRenderer {
    const known = version.renderers.get(locale);
    if (known) return known;
    const name = version.locales.get(locale)!;
    const source: LocaleSource = { channel: version.stored.channel, name, content: version.stored.content[name] as LocaleSource['content'] };
    const made = new LocaleRenderer(`${version.key}:${locale}`, source, this.turns, this.threads, () => this.compilations++);
    version.renderers.set(locale, made);
    return made;
  }

  private async load(templateId: string, version: number): Promise<LoadedVersion | undefined> {
    const key = keyOf(templateId, version);
    const known = this.versions.get(key) ?? this.loading.get(key);
    if (known) return known;
    // The messages of a slice come together: one of them reads and compiles for all.
    const reading = this.read(key, templateId, version).finally(() => this.loading.delete(key));
    this.loading.set(key, reading);
    return reading;
  }

  private async read(key: string, templateId: string, version: number): Promise<LoadedVersion | undefined> {
    const stored = await this.store.readVersion(templateId, version);
    if (!stored) return undefined;
    const loaded = loadVersion(key, stored);
    this.versions.set(key, loaded, JSON.stringify(stored.content).length);
    return loaded;
  }
}

const keyOf = (templateId: string, version: number): string => `${templateId}:${version}`;

function loadVersion(key: string, stored: StoredVersion): LoadedVersion {
  const locales = new Map(Object.keys(stored.content).map((name) => [canonicalLocale(name) ?? name, name]));
  return { key, stored, locales, defaultLocale: canonicalLocale(stored.defaultLocale) ?? stored.defaultLocale, renderers: new Map() };
}
