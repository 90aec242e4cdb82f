import type { ApiDatabase } from '../../src/platform/database/index.js';

/**
 * `count` users with one granted Android device each, ids `<prefix>-0` …; returns nothing, they are found by client id.
 * @param devices how many devices the users have instead, in turn: [1, 2] gives every second user two
 */
export async function insertReachableUsers(db: ApiDatabase, count: number, prefix: string, seenAt: Date, devices: readonly number[] = [1]): Promise<void> {
  await db.raw(
    `with made as (
       insert into users (id, user_id, created_at)
       select nextval('user_id_seq'), $2 || '-' || n, $3::timestamptz from generate_series(0, $1::integer - 1) as n
       returning id, user_id),
     tokens as (
       select m.id, m.user_id || case when k > 1 then '.' || k else '' end as name
       from made as m
       cross join generate_series(1, ($4::integer[])[1 + substring(m.user_id from '[0-9]+$')::integer % cardinality($4::integer[])]) as k)
     insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
     select sha256(convert_to(t.name, 'UTF8')), 'token-' || t.name, t.id, 'android', 'granted', $3::timestamptz from tokens as t`,
    [count, prefix, seenAt, devices],
  );
}
