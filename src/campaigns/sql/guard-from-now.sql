-- From here on the opt-outs are counted afresh: who resumes a campaign after an alarm has taken note of what was before.
-- writes: campaigns
update campaigns as c set guarded_from = :now::timestamptz where c.id = :id::bigint;
