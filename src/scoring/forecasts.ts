import type { Transaction } from '../platform/database/index.js';
import { toColumns } from './columns.js';
import { scoreSql, type BuyerRow } from './score-store.js';
import type { ScoreThreads } from './score-threads.js';
import type { ValueModel } from './value-model.js';

/** Forecasts these buyers by a fitted model and writes what it says. */
export async function writeForecasts(tx: Transaction, threads: ScoreThreads, model: ValueModel, buyers: readonly BuyerRow[]): Promise<void> {
  if (buyers.length === 0) return;
  const { columns } = await threads.run('forecast', [model, toColumns(buyers, ['repeats', 'lastAt', 'age', 'meanSpend'])]);
  await tx.query(scoreSql.writeValues, {
    ids: buyers.map(({ id }) => id), alive: [...columns.alive], purchases: [...columns.purchases], values: [...columns.value],
  });
}
