import pg from 'pg';

/** The schema as the catalogs give it, in a fixed order. Own queries, because the embedded Postgres comes without pg_dump. */
export async function dumpSchema(databaseUrl) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const rows = async (sql) => (await client.query(sql)).rows.map((row) => row.line);
  const parts = ['-- Generated from the migrations by "npm run drift:write". Do not edit.', ''];
  for (const sql of [ENUMS, SEQUENCES, TABLES, INDEXES, FUNCTIONS, TRIGGERS]) parts.push(...(await rows(sql)), '');
  await client.end();
  return `${parts.join('\n').trimEnd()}\n`;
}

const OURS = `relnamespace = 'public'::regnamespace and relname not in ('migrations', 'migrations_id_seq')`;

const ENUMS = `
select format('create type %I as enum (%s);', t.typname, string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder)) as line
from pg_type t join pg_enum e on e.enumtypid = t.oid where t.typnamespace = 'public'::regnamespace group by t.typname order by t.typname`;

const SEQUENCES = `
select format('create sequence %I;', c.relname) as line from pg_class c
where c.relkind = 'S' and ${OURS} and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'i') order by c.relname`;

const TABLES = `
select format(E'create table %I (\\n%s)%s%s;\\n', c.relname, body.text,
  coalesce(' partition by ' || pg_get_partkeydef(c.oid), ''), coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', '')) as line
from pg_class c cross join lateral (
  select string_agg('  ' || part, E',\\n' order by kind, pos, part) as text from (
    select 1 as kind, a.attnum as pos, format('%I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then ' not null' else '' end,
      case when a.attidentity <> '' then ' generated always as identity'
        when a.attgenerated <> '' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
        when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end) as part
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    union all
    select 2, 0, format('constraint %I %s', k.conname, pg_get_constraintdef(k.oid)) from pg_constraint k
    where k.conrelid = c.oid and k.contype <> 'n') as parts) as body
where c.relkind in ('r', 'p') and not c.relispartition and ${OURS} order by c.relname`;

const INDEXES = `
select pg_get_indexdef(i.indexrelid) || ';' as line from pg_index i join pg_class c on c.oid = i.indrelid
where ${OURS} and not c.relispartition and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
order by 1`;

const FUNCTIONS = `
select pg_get_functiondef(p.oid) || E';\\n' as line from pg_proc p where p.pronamespace = 'public'::regnamespace order by p.proname`;

const TRIGGERS = `
select pg_get_triggerdef(t.oid) || ';' as line from pg_trigger t join pg_class c on c.oid = t.tgrelid
where ${OURS} and not t.tgisinternal and t.tgparentid = 0 order by 1`;
