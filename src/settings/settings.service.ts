import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile, type Queryable } from '../platform/database/index.js';
import { withDefaults, type Settings, type SettingsPatch } from './settings.js';

const read = sqlFile<object, { value: SettingsPatch }>(import.meta.url, './sql/read-settings.sql');
const merge = sqlFile<{ patch: string }, { value: SettingsPatch }>(import.meta.url, './sql/merge-settings.sql');

// A change reaches every process within this time; a read per decision or per batch would be waste.
const CACHE_MS = 1_000;

@Injectable()
export class SettingsService {
  private cached?: { settings: Settings; until: number };
  private reading?: Promise<Settings> | undefined;

  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
  ) {}

  /** The settings in force where they were read less than a second ago: what is asked for each message need not be waited for. */
  get fresh(): Settings | undefined {
    return this.cached && this.cached.until > this.clock.monotonic() ? this.cached.settings : undefined;
  }

  /** The settings in force, at most one second old. */
  async get(): Promise<Settings> {
    const { fresh } = this;
    if (fresh) return fresh;
    // The hundred messages of a slice ask together: one of them reads.
    return (this.reading ??= this.read().finally(() => (this.reading = undefined)));
  }

  /** The settings as `db` sees them at this moment, for whoever must not miss a change that was announced. */
  async current(db: Queryable): Promise<Settings> {
    const [row] = await db.query(read, {});
    return withDefaults(row?.value ?? {});
  }

  /** Sets what the patch names and keeps the rest; two patches at the same time both hold. */
  async patch(patch: SettingsPatch): Promise<Settings> {
    const [row] = await this.database.query(merge, { patch: JSON.stringify(patch) });
    return this.remember(row!.value);
  }

  private async read(): Promise<Settings> {
    const [row] = await this.database.query(read, {});
    return this.remember(row?.value ?? {});
  }

  private remember(stored: SettingsPatch): Settings {
    const settings = withDefaults(stored);
    this.cached = { settings, until: this.clock.monotonic() + CACHE_MS };
    return settings;
  }
}
