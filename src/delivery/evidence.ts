import { sqlFile, type Queryable } from '../platform/database/index.js';
import type { MessageRef } from '../planning/index.js';

const settle = sqlFile<{ months: string[]; userIds: string[]; ids: string[]; now: Date | null }, { id: string }>(
  import.meta.url, './sql/settle-unknown-by-evidence.sql');

/**
 * Settles messages in doubt (`unknown`) of which something was heard since: they are `sent`. Every other state is left alone.
 * @returns how many were settled
 */
export async function settleByEvidence(tx: Queryable, refs: readonly MessageRef[], now: Date | null): Promise<number> {
  const rows = await tx.query(settle, {
    months: refs.map((ref) => ref.month), userIds: refs.map((ref) => ref.userId), ids: refs.map((ref) => ref.id), now,
  });
  return rows.length;
}
