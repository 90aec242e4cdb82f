import type { ApiDatabase } from '../../src/platform/database/index.js';

/** `count` users with one granted Android device each, ids `<prefix>-0` …; returns nothing, they are found by client id. */
export async function insertReachableUsers(db: ApiDatabase, count: number, prefix: string, seenAt: Date): Promise<void> {
  await db.raw(
    `with made as (
       insert into users (id, user_id, created_at)
       select nextval('user_id_seq'), $2 || '-' || n, $3::timestamptz from generate_series(0, $1::integer - 1) as n
       returning id, user_id)
     insert into devices (token_hash, token, user_id, platform, permission, last_seen_at)
     select sha256(convert_to(m.user_id, 'UTF8')), 'token-' || m.user_id, m.id, 'android', 'granted', $3::timestamptz from made as m`,
    [count, prefix, seenAt],
  );
}
