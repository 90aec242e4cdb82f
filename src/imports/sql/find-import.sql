-- reads: imports, jobs, segments
select i.id, i.type, i.format, i.columns, s.key as segment, i.segment_id as "segmentId", i.file_hash as "fileHash",
  i.file_bytes as "fileBytes", i.records, i.accepted, i.duplicates, i.rejected, i.created_at as "createdAt",
  i.uploaded_at as "uploadedAt", j.status, j.progress, j.error
from imports as i
join jobs as j on j.id = i.id
left join segments as s on s.id = i.segment_id
where i.id = :id::bigint;
