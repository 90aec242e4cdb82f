import { Injectable } from '@nestjs/common';
import { Campaigns } from '../campaigns/index.js';
import { ApiDatabase, sqlFile } from '../platform/database/index.js';

export interface Displacement {
  campaignId: string;
  reason: 'outranked' | 'reserved_for_priority';
  count: number;
}

export interface Displacements {
  /** Messages of other campaigns that this one took or holds the slot of. */
  displaced: Displacement[];
  /** Messages of this campaign whose slot others took or hold. */
  displacedBy: Displacement[];
}

const countDisplacements = sqlFile<{ campaignId: string }, Displacement & { side: keyof Displacements }>(import.meta.url, './sql/count-displacements.sql');

/** Who stood in whose way: one row of the ledger binds both campaigns, so that both sides say the same. */
@Injectable()
export class DisplacementReader {
  constructor(
    private readonly database: ApiDatabase,
    private readonly campaigns: Campaigns,
  ) {}

  /** @throws Problem 404 */
  async read(campaignId: string): Promise<Displacements> {
    await this.campaigns.get(campaignId);
    const answer: Displacements = { displaced: [], displacedBy: [] };
    for (const { side, ...row } of await this.database.query(countDisplacements, { campaignId })) answer[side].push(row);
    return answer;
  }
}
