-- reads: run_variants
select v.template_version as version from run_variants as v where v.run_id = :runId::bigint order by v.variant;
