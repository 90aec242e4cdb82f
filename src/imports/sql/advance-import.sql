-- Moves the place that an import has come to, with its counts and refusals, in the transaction that stores the rows. Answers
-- nothing where the place is not the expected one: somebody else was faster, and the caller rolls back.
-- writes: imports, import_rejections
with moved as (
  update imports as i set
    records = :to::bigint, accepted = i.accepted + :accepted::bigint, duplicates = i.duplicates + :duplicates::bigint,
    rejected = i.rejected + cardinality(:rejectedRecords::bigint[])
  where i.id = :id::bigint and i.records = :from::bigint
  returning i.id),
noted as (
  insert into import_rejections (import_id, record, line, path, message)
  select m.id, r.record, r.line, r.path, r.message
  from moved as m,
    unnest(:rejectedRecords::bigint[], :rejectedLines::bigint[], :rejectedPaths::text[], :rejectedMessages::text[]) as r (record, line, path, message))
select m.id from moved as m;
