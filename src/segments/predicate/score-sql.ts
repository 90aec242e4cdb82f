import type { Channel, Engagement, NumberTest, ScoreCondition, ScoreName, ValueTest } from '../rule/types.js';
import { aggregateSql } from './aggregate-sql.js';
import { numberTestHolds, numberTestSql } from './comparison-sql.js';
import type { ChannelPriors, Parameters, Writer } from './context.js';

type StoredScore = Exclude<ScoreName, `engagement.${string}`>;

const COLUMNS: Record<StoredScore, string> = {
  'rfm.recency': 's.recency', 'rfm.frequency': 's.frequency', 'rfm.monetary': 's.monetary', 'rfm.group': 's.rfm_group',
  'value.probabilityAlive': 's.probability_alive',
  'value.expectedPurchases90d': 's.expected_purchases_90d',
  'value.expectedValue90d': 's.expected_value_90d',
};

export function scoreSql(writer: Writer, { score, test }: ScoreCondition): string {
  if (score.startsWith('engagement.')) {
    const [, channel, name] = score.split('.') as [string, Channel, Engagement];
    return engagementSql(writer, channel, name, test);
  }
  return storedSql(writer, score as StoredScore, test);
}

function storedSql({ params }: Writer, score: StoredScore, test: ValueTest): string {
  const column = COLUMNS[score];
  const having = (condition: string): string => `exists (select from user_scores s where s.user_id = u.id and ${condition})`;
  if (test.op === 'exists') return having(`${column} is not null`);
  if (test.op === 'notExists') return `not ${having(`${column} is not null`)}`;
  return having(score === 'rfm.group' ? groupTestSql(params, test) : numberTestSql(params, column, test as NumberTest, 'float8'));
}

function groupTestSql(params: Parameters, test: ValueTest): string {
  switch (test.op) {
    case 'eq':
      return `s.rfm_group = ${params.add(test.value, 'text')}`;
    case 'ne':
      return `s.rfm_group <> ${params.add(test.value, 'text')}`;
    case 'in':
      return `s.rfm_group = any(${params.add(test.values, 'text[]')})`;
    case 'notIn':
      return `s.rfm_group <> all(${params.add(test.values, 'text[]')})`;
    default:
      throw new Error(`${test.op} is no test of a group`);
  }
}

/**
 * Engagement as of now, from the ledger: marketing messages sent on the channel (test sends and transactional ones do not
 * count), how many were opened (in mail: opened or clicked), and which was the last of those.
 */
function engagementSql(writer: Writer, channel: Channel, name: Engagement, test: ValueTest): string {
  // Everybody has a value, by the prior at least.
  if (test.op === 'exists') return 'true';
  if (test.op === 'notExists') return 'false';
  const { params, env } = writer;
  const opened = channel === 'push' ? 'f.opened_at is not null' : '(f.opened_at is not null or f.clicked_at is not null)';
  const of = params.add(channel, 'channel');
  const { expression, prior } = POSTERIORS[name](writer, env.priors[channel]);
  return aggregateSql(writer, {
    rows: (tie) => `
      select m.user_id, ${opened} as opened, row_number() over (partition by m.user_id order by m.settled_at, m.id) as ordinal
      from deliveries m left join message_facts f on f.month = m.month and f.user_id = m.user_id and f.delivery_id = m.id
      where ${tie('m')} and m.channel = ${of} and m.state = 'sent' and m.counted_at is not null`,
    select: 'count(*)::int as n, (count(*) filter (where r.opened))::int as x, coalesce(max(r.ordinal) filter (where r.opened), 0)::int as t',
    test: numberTestSql(params, expression, test as NumberTest, 'float8'),
    empty: numberTestHolds(prior, test as NumberTest),
  });
}

interface Posterior {
  /** Of n messages, x opens and the last open's ordinal t, as float8. */
  readonly expression: string;
  /** Its value for n = 0. */
  readonly prior: number;
}

/** The formulas of the scoring module (shrinkage.ts, opt-out-hazard.ts, attention.ts) in SQL. */
const POSTERIORS: Record<Engagement, (writer: Writer, priors: ChannelPriors) => Posterior> = {
  openRate: ({ params }, { openRate }) => {
    if (openRate.kind === 'pooled') return { expression: params.add(openRate.mean, 'float8'), prior: openRate.mean };
    const [a, b] = [params.add(openRate.alpha, 'float8'), params.add(openRate.beta, 'float8')];
    return { expression: `((${a} + g.x) / (${a} + ${b} + g.n))`, prior: openRate.alpha / (openRate.alpha + openRate.beta) };
  },
  optOutRisk: ({ params }, { optOut: { alpha, beta } }) => {
    const [a, b] = [params.add(alpha, 'float8'), params.add(beta, 'float8')];
    return { expression: `(${a} / (${a} + ${b} + g.n))`, prior: alpha / (alpha + beta) };
  },
  attention: ({ params }, { attention: { alpha, beta, gamma, delta } }) => ({
    expression: `probability_listening(g.n, g.x, g.t, ${[alpha, beta, gamma, delta].map((p) => params.add(p, 'float8')).join(', ')})`,
    prior: delta / (gamma + delta),
  }),
};
