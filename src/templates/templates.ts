import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { conflict, notFound } from '../platform/errors/index.js';
import { decodeIdCursor, toPage, type Page } from '../platform/http/index.js';
import { TemplateChecks } from './template-checks.js';
import { readNewTemplate, readNewVersion, type ContentCheck } from './template-input.js';
import { TemplateStore, type TemplateRow, type TemplateSummaryRow, type TemplateUse, type TemplateVersionRow } from './template-store.js';
import type { TemplateQuery, TemplateView } from './templates.dto.js';

export type TemplateSummary = Omit<TemplateSummaryRow, 'id'>;

/** Templates and their versions: written by marketers, taken in their newest version by runs. */
@Injectable()
export class Templates {
  constructor(
    private readonly store: TemplateStore,
    private readonly checks: TemplateChecks,
    private readonly clock: Clock,
  ) {}

  private readonly check: ContentCheck = (channel, content) => this.checks.check(channel, content);

  /** The template behind a key with its newest version. */
  find(key: string): Promise<TemplateRow | undefined> {
    return this.store.find(key);
  }

  /** @throws Problem 400 naming every mistake, 409 where the key is taken. */
  async create(body: unknown): Promise<TemplateView> {
    const template = await readNewTemplate(body, this.check);
    const made = await this.store.insert({ ...template, content: JSON.stringify(template.content), now: this.clock.now() });
    if (!made) throw conflict(`There is a template ${template.key} already.`);
    return this.get(template.key);
  }

  /** Adds a version; the earlier ones are kept. @throws Problem 400, 404. */
  async replace(key: string, body: unknown): Promise<TemplateView> {
    const present = await this.store.read(key, null);
    if (!present) throw notFound('template');
    const { content, defaultLocale, tags } = await readNewVersion(body, present, this.check);
    const version = await this.store.addVersion({
      key, channel: present.channel, content: JSON.stringify(content), defaultLocale, tags, now: this.clock.now(),
    });
    if (version === undefined) throw notFound('template');
    return this.get(key, version);
  }

  async list(query: TemplateQuery): Promise<Page<TemplateSummary>> {
    const filter = { channel: query.channel ?? null, tag: query.tag ?? null, after: decodeIdCursor(query.cursor), limit: query.limit + 1 };
    const { data, nextCursor } = toPage(await this.store.list(filter), query.limit, (row) => row.id);
    return { data: data.map(({ id: _id, ...summary }) => summary), nextCursor };
  }

  /** @throws Problem 404 for an unknown key or version. */
  async get(key: string, version?: number): Promise<TemplateView> {
    const { id: _id, ...view } = await this.read(key, version);
    return view;
  }

  async read(key: string, version?: number): Promise<TemplateVersionRow> {
    const row = await this.store.read(key, version ?? null);
    if (!row) throw notFound(version === undefined ? 'template' : 'template or version');
    return row;
  }

  /** @throws Problem 404; 409 while a campaign has it before it, or once a run has sent it. */
  async delete(key: string): Promise<void> {
    const uses = await this.store.delete(key);
    if (!uses) throw notFound('template');
    if (uses.length > 0) throw conflict(`The template is in use: ${uses.map(describeUse).join('; ')}.`);
  }
}

function describeUse({ id, name, status, sent }: TemplateUse): string {
  return `campaign ${id} "${name}" (${status}${sent ? ', has sent it' : ''})`;
}
