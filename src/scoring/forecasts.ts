import type { Transaction } from '../platform/database/index.js';
import { toColumns } from './columns.js';
import { scoreSql, type BuyerRow } from './score-store.js';
import type { ScoreThreads } from './score-threads.js';
import type { ValueModel } from './value-model.js';

/** Forecasts all these buyers by a fitted model and writes what it says, whatever the number of pages as one statement. */
export async function writeForecasts(tx: Transaction, threads: ScoreThreads, model: ValueModel, pages: AsyncIterable<readonly BuyerRow[]>): Promise<void> {
  await tx.query(scoreSql.createForecasts, {});
  for await (const buyers of pages) {
    if (buyers.length === 0) continue;
    const { columns } = await threads.run('forecast', [model, toColumns(buyers, ['repeats', 'lastAt', 'age', 'meanSpend'])]);
    await tx.query(scoreSql.keepForecasts, {
      ids: buyers.map(({ id }) => id), alive: [...columns.alive], purchases: [...columns.purchases], values: [...columns.value],
    });
  }
  await tx.query(scoreSql.writeValues, {});
}
