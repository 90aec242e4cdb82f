import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/index.js';
import { invalid, notFound } from '../platform/errors/index.js';
import { isPlainObject } from './fcm-fields.js';
import { contextOfUser, type RenderContext } from './render-context.js';
import type { RenderedEmail, RenderedPush } from './render-result.js';
import { TemplateRenderer } from './template-renderer.js';
import { TemplateStore } from './template-store.js';
import { Templates } from './templates.js';
import type { PreviewTemplate } from './templates.dto.js';

export type Preview = (RenderedPush | RenderedEmail) & { channel: string; version: number; locale: string };

const SECTIONS = ['user', 'scores', 'campaign', 'event', 'links'];

/** What a person would get: the same renderer as sending, with samples for what only a campaign knows. */
@Injectable()
export class TemplatePreviews {
  constructor(
    private readonly templates: Templates,
    private readonly store: TemplateStore,
    private readonly renderer: TemplateRenderer,
    private readonly config: Config,
  ) {}

  /** @throws Problem 404 for an unknown template or user, 400 naming every field that cannot be rendered and why. */
  async preview(key: string, request: PreviewTemplate): Promise<Preview> {
    const { id, channel, version } = await this.templates.read(key);
    const context = await this.contextOf(request, channel === 'email');
    const locale = request.locale ?? text(context.user?.locale);
    const result = await this.renderer.renderDetailed({ templateId: id, version, locale, marketing: true, context });
    if (!result.ok) throw invalid(result.failures, `The template cannot be rendered: ${result.failures[0]!.message}.`);
    return { channel, version, locale: result.locale, ...result.content };
  }

  private async contextOf(request: PreviewTemplate, mail: boolean): Promise<RenderContext> {
    const given = readContext(request.context ?? {});
    const samples = { campaign: { id: 'preview', name: 'Preview', topic: 'preview', variant: 'a' }, ...(mail ? { links: this.sampleLinks() } : {}) };
    if (request.userId === undefined) return { ...samples, ...given } as RenderContext;
    const row = await this.store.previewUser(request.userId);
    if (!row) throw notFound('user');
    return { ...samples, ...contextOfUser(row), ...given } as RenderContext;
  }

  private sampleLinks(): { unsubscribe: string; preferences: string } {
    return { unsubscribe: `${this.config.publicUrl}/u/preview`, preferences: `${this.config.publicUrl}/preferences/preview` };
  }
}

/** The sections a template knows must be objects; variables of any other name are taken as they are. @throws Problem 400 */
function readContext(context: Record<string, unknown>): Record<string, unknown> {
  const errors = SECTIONS.filter((name) => context[name] !== undefined && context[name] !== null && !isPlainObject(context[name]))
    .map((name) => ({ path: `context.${name}`, message: 'must be an object' }));
  if (errors.length > 0) throw invalid(errors);
  return context;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
