-- Tokens that the provider called gone. Only if the token still belongs to the user it was sent to.
-- writes: devices
delete from devices as d
using unnest(:userIds::bigint[], :tokens::text[]) as o (user_id, token)
where d.user_id = o.user_id and d.token = o.token;
