import { Injectable } from '@nestjs/common';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';
import type { Json } from './fcm-fields.js';
import type { RenderUserRow } from './render-context.js';
import type { TemplateChannel } from './template-fields.js';

export interface TemplateRow {
  id: string;
  key: string;
  channel: TemplateChannel;
  version: number;
}

export interface TemplateSummaryRow extends TemplateRow {
  defaultLocale: string;
  locales: string[];
  tags: string[];
  createdAt: Date;
  updatedAt: Date;
}

export interface TemplateVersionRow extends TemplateRow {
  latestVersion: number;
  content: Json;
  defaultLocale: string;
  tags: string[];
  createdAt: Date;
  updatedAt: Date;
}

export interface StoredVersion {
  channel: TemplateChannel;
  content: Json;
  defaultLocale: string;
}

/** A campaign that stands in the way of deleting a template. */
export interface TemplateUse {
  id: string;
  name: string;
  status: string;
  sent: boolean;
}

interface Write {
  key: string;
  channel: TemplateChannel;
  content: string;
  defaultLocale: string;
  now: Date | null;
}

interface ListFilter {
  channel: TemplateChannel | null;
  tag: string | null;
  after: string | null;
  limit: number;
}

const insert = sqlFile<Write & { tags: string[] }, { id: string }>(import.meta.url, './sql/insert-template.sql');
const addVersion = sqlFile<Write & { tags: string[] | null }, { version: number }>(import.meta.url, './sql/add-template-version.sql');
const find = sqlFile<{ key: string }, TemplateRow>(import.meta.url, './sql/find-template.sql');
const read = sqlFile<{ key: string; version: number | null }, TemplateVersionRow>(import.meta.url, './sql/read-template.sql');
const list = sqlFile<ListFilter, TemplateSummaryRow>(import.meta.url, './sql/list-templates.sql');
const readVersion = sqlFile<{ templateId: string; version: number }, StoredVersion>(import.meta.url, './sql/read-template-version.sql');
const lock = sqlFile<{ key: string }, { id: string }>(import.meta.url, './sql/lock-template.sql');
const findUses = sqlFile<{ id: string; key: string }, TemplateUse>(import.meta.url, './sql/find-template-uses.sql');
const remove = sqlFile<{ id: string }, object>(import.meta.url, './sql/delete-template.sql');
const previewUser = sqlFile<{ userId: string }, RenderUserRow>(import.meta.url, './sql/read-preview-user.sql');

/** The rows of templates and their versions. A version is never changed once written. */
@Injectable()
export class TemplateStore {
  constructor(private readonly database: ApiDatabase) {}

  /** @returns false where the key is taken. */
  async insert(write: Write & { tags: string[] }): Promise<boolean> {
    return (await this.database.query(insert, write)).length > 0;
  }

  /** @returns the new version, or undefined where there is no such template of that channel. */
  async addVersion(write: Write & { tags: string[] | null }): Promise<number | undefined> {
    return (await this.database.query(addVersion, write))[0]?.version;
  }

  async find(key: string): Promise<TemplateRow | undefined> {
    return (await this.database.query(find, { key }))[0];
  }

  /** @param version null for the newest. */
  async read(key: string, version: number | null): Promise<TemplateVersionRow | undefined> {
    return (await this.database.query(read, { key, version }))[0];
  }

  list(filter: ListFilter): Promise<TemplateSummaryRow[]> {
    return this.database.query(list, filter);
  }

  async readVersion(templateId: string, version: number): Promise<StoredVersion | undefined> {
    return (await this.database.query(readVersion, { templateId, version }))[0];
  }

  /** Deletes all versions unless something uses the template. @returns undefined where there is none, else the uses that forbade it. */
  delete(key: string): Promise<TemplateUse[] | undefined> {
    return this.database.transaction(async (tx) => {
      const [template] = await tx.query(lock, { key });
      if (!template) return undefined;
      const uses = await tx.query(findUses, { id: template.id, key });
      if (uses.length === 0) await tx.query(remove, { id: template.id });
      return uses;
    });
  }

  async previewUser(userId: string): Promise<RenderUserRow | undefined> {
    return (await this.database.query(previewUser, { userId }))[0];
  }
}
