import type { MessageCondition } from '../rule/types.js';
import { aggregateSql } from './aggregate-sql.js';
import { numberTestHolds, numberTestSql } from './comparison-sql.js';
import type { Writer } from './context.js';

/** How many of the user's messages had the fact in the window; test sends are nobody's messages. */
export function messageSql(writer: Writer, condition: MessageCondition): string {
  const { params } = writer;
  const { at, from } = FACTS[condition.fact];
  const conditions = ["n.kind = 'regular'", `${at} <= ${params.now()}`];
  if (condition.within !== undefined) conditions.push(`${at} > ${params.before(condition.within)}`);
  if (condition.channel !== undefined) conditions.push(`m.channel = ${params.add(condition.channel, 'channel')}`);
  if (condition.campaignId !== undefined) conditions.push(campaignSql(writer, condition.campaignId));
  const test = numberTestSql(params, 'g.a', condition.test);
  return aggregateSql(writer, {
    rows: (tie) => `select distinct m.user_id, m.month, m.id from ${from} join runs n on n.id = m.run_id where ${tie('m')} and ${conditions.join(' and ')}`,
    select: 'count(*) as a',
    test,
    empty: numberTestHolds(0, condition.test),
  });
}

const FACT_OF_MESSAGE = 'deliveries m join message_facts f on f.month = m.month and f.user_id = m.user_id and f.delivery_id = m.id';

/** When the message had the fact, and where that stands. A tap on a push is both its open and its click. */
export const FACTS: Record<MessageCondition['fact'], { at: string; from: string }> = {
  sent: { at: "(case when m.state = 'sent' then m.settled_at end)", from: 'deliveries m' },
  opened: { at: 'f.opened_at', from: FACT_OF_MESSAGE },
  clicked: { at: "coalesce(f.clicked_at, case when m.channel = 'push' then f.opened_at end)", from: FACT_OF_MESSAGE },
  converted: {
    at: 'c.occurred_at',
    from: 'deliveries m join conversions c on c.month = m.month and c.user_id = m.user_id and c.delivery_id = m.id',
  },
};

/** Campaign ids are opaque to clients: one that this server cannot have made has no messages. */
function campaignSql({ params }: Writer, campaignId: string): string {
  return /^\d{1,18}$/.test(campaignId) ? `m.campaign_id = ${params.add(campaignId, 'bigint')}` : 'false';
}
