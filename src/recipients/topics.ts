import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/index.js';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';

export interface Topic {
  id: number;
  key: string;
  /** Text by locale. */
  name: Record<string, string>;
  /** Whether the preference page shows it. */
  listed: boolean;
}

const put = sqlFile<{ key: string; name: string; listed: boolean; now: Date }, Topic>(import.meta.url, './sql/put-topic.sql');
const find = sqlFile<{ key: string }, Topic>(import.meta.url, './sql/find-topic.sql');
const list = sqlFile<{ after: string | null; listed: boolean | null; limit: number }, Topic>(import.meta.url, './sql/list-topics.sql');

/** What people can subscribe to: the rows of the preference page and the topics of campaigns. */
@Injectable()
export class Topics {
  constructor(
    private readonly database: ApiDatabase,
    private readonly clock: Clock,
  ) {}

  async put(key: string, name: Record<string, string>, listed: boolean): Promise<Topic> {
    const [topic] = await this.database.query(put, { key, name: JSON.stringify(name), listed, now: this.clock.now() });
    return topic!;
  }

  async find(key: string): Promise<Topic | undefined> {
    return (await this.database.query(find, { key }))[0];
  }

  /** @param listed only those that the preference page shows (true), hides (false), or all (null). */
  list(after: string | null, limit: number, listed: boolean | null = null): Promise<Topic[]> {
    return this.database.query(list, { after, listed, limit });
  }
}
