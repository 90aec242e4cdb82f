import { Injectable, Logger } from '@nestjs/common';
import { SettingsService } from '../settings/index.js';
import { BoundedCache } from './bounded-cache.js';
import { CompiledContent } from './compiled-content.js';
import { formatLocale, canonicalLocale, pickLocale } from './locale-fallback.js';
import { assembleEmail, assemblePush } from './message-assembly.js';
import type { Mistake } from './mistake.js';
import type { RenderContext } from './render-context.js';
import type { RenderResult, RenderedEmail, RenderedPush } from './render-result.js';
import { RenderBudget, type RenderState } from './render-state.js';
import { compileTemplate } from './template-compiler.js';
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
  readonly stored: StoredVersion;
  /** The author's spelling of each locale by its canonical one. */
  readonly locales: ReadonlyMap<string, string>;
  readonly defaultLocale: string;
  readonly compiled: Map<string, CompiledContent>;
}

/** Characters of source kept compiled; their code takes about ten times as much memory. */
const CACHE_WEIGHT = 4_000_000;

/**
 * Renders templates for people. Each text is compiled once for its (template, version, locale, field): compiling for every message
 * costs a hundred times as much as rendering.
 */
@Injectable()
export class TemplateRenderer {
  private readonly logger = new Logger(TemplateRenderer.name);
  private readonly versions = new BoundedCache<LoadedVersion>(CACHE_WEIGHT);
  private compilations = 0;

  constructor(
    private readonly store: TemplateStore,
    private readonly settings: SettingsService,
  ) {}

  /** Texts compiled since the start: stands still once every template in use is warm. */
  get compiledTexts(): number {
    return this.compilations;
  }

  /** Never throws for what is in the template or the person's data; a database that is away does throw. */
  async render(request: RenderRequest): Promise<RenderResult> {
    const result = await this.renderDetailed(request);
    if (!result.ok) return { ok: false, error: result.failures.map(({ path, message }) => `${path}: ${message}`).join('; ').slice(0, 1_000) };
    const { locale: _locale, ...message } = result;
    return message;
  }

  async renderDetailed(request: RenderRequest): Promise<DetailedResult> {
    const version = await this.load(request.templateId, request.version);
    if (!version) return { ok: false, failures: [{ path: 'template', message: `version ${request.version} does not exist` }] };
    const { currency, defaultTimezone } = await this.settings.get();
    const locale = pickLocale(version.locales, request.locale, version.defaultLocale);
    const state: RenderState = {
      budget: new RenderBudget(), locale: formatLocale(request.locale, locale), zone: request.context.user?.timezone ?? defaultTimezone, currency,
    };
    return this.renderLocale(version, locale, request, state);
  }

  private renderLocale(version: LoadedVersion, locale: string, request: RenderRequest, state: RenderState): DetailedResult {
    const name = version.locales.get(locale)!;
    try {
      const { fields, failures } = this.compiled(version, locale).render(request.context, state);
      if (failures.length > 0) return { ok: false, failures };
      if (version.stored.channel === 'push') return { ok: true, locale: name, channel: 'push', content: assemblePush(fields) };
      const links = request.marketing ? request.context.links : undefined;
      return { ok: true, locale: name, channel: 'email', content: assembleEmail(fields, locale, links) };
    } catch (error) {
      // A fault of ours must cost this message, not the five hundred others of its chunk.
      this.logger.error({ msg: 'rendering failed', templateId: request.templateId, version: request.version, err: error });
      return { ok: false, failures: [{ path: `content.${name}`, message: 'cannot be rendered' }] };
    }
  }

  private compiled(version: LoadedVersion, locale: string): CompiledContent {
    const known = version.compiled.get(locale);
    if (known) return known;
    const name = version.locales.get(locale)!;
    const content = version.stored.content[name] as Record<string, unknown>;
    const made = new CompiledContent(version.stored.channel, name, content, (source, kind, path) => {
      this.compilations++;
      return compileTemplate(source, kind, path);
    });
    version.compiled.set(locale, made);
    return made;
  }

  private async load(templateId: string, version: number): Promise<LoadedVersion | undefined> {
    const key = `${templateId}:${version}`;
    const known = this.versions.get(key);
    if (known) return known;
    const stored = await this.store.readVersion(templateId, version);
    // Messages that came together may each have read it; the first one's is kept, so that it is compiled once.
    const raced = this.versions.get(key);
    if (raced || !stored) return raced;
    const loaded = loadVersion(stored);
    this.versions.set(key, loaded, JSON.stringify(stored.content).length);
    return loaded;
  }
}

function loadVersion(stored: StoredVersion): LoadedVersion {
  const locales = new Map(Object.keys(stored.content).map((name) => [canonicalLocale(name) ?? name, name]));
  return { stored, locales, defaultLocale: canonicalLocale(stored.defaultLocale) ?? stored.defaultLocale, compiled: new Map() };
}
