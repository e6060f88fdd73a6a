-- Lists everything that a migration can make, one row an object: its kind, its name and a text of all its properties.
-- Objects of extensions are left out. Default grants are spelled out, so they equal the same grants by statement.
with
kept_schemas as (
  select n.oid, n.nspname, n.nspowner, n.nspacl
  from pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'supabase_migrations')
),
members as (
  select d.classid, d.objid from pg_depend d where d.deptype = 'e'
),
relations as (
  select c.*, s.nspname, format('%I.%I', s.nspname, c.relname) as name
  from pg_class c
  join kept_schemas s on s.oid = c.relnamespace
  where not exists (select from members m where m.classid = 'pg_class'::regclass and m.objid = c.oid)
),
functions as (
  select p.*, s.nspname
  from pg_proc p
  join kept_schemas s on s.oid = p.pronamespace
  where not exists (select from members m where m.classid = 'pg_proc'::regclass and m.objid = p.oid)
),
types as (
  select t.*, format('%I.%I', s.nspname, t.typname) as name
  from pg_type t
  join kept_schemas s on s.oid = t.typnamespace
  left join pg_class c on c.oid = t.typrelid
  where t.typelem = 0
    and (t.typrelid = 0 or c.relkind = 'c')
    and not exists (select from members m where m.classid = 'pg_type'::regclass and m.objid = t.oid)
),
described (kind, name, object, catalogue, sub, owner, acl, definition) as (
  select 'schema', s.nspname::text, s.oid, 'pg_namespace', 0, s.nspowner,
    coalesce(s.nspacl, acldefault('n', s.nspowner)), ''
  from kept_schemas s
  union all
  select 'relation', r.name, r.oid, 'pg_class', 0, r.relowner,
    coalesce(r.relacl, acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner)),
    concat_ws(
      ' ', r.relkind, r.relpersistence, r.relreplident, 'rls', r.relrowsecurity, r.relforcerowsecurity,
      r.reloptions::text, pg_get_expr(r.relpartbound, r.oid), pg_get_partkeydef(r.oid),
      (select string_agg(i.inhparent::regclass::text, ',') from pg_inherits i where i.inhrelid = r.oid),
      case when r.relkind in ('v', 'm') then pg_get_viewdef(r.oid) end,
      (select to_jsonb(q) - 'seqrelid' from pg_sequence q where q.seqrelid = r.oid)
    )
  from relations r
  where r.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  union all
  select 'column', format('%s.%I', r.name, a.attname), r.oid, 'pg_class', a.attnum, null, a.attacl,
    concat_ws(
      ' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
      'default ' || pg_get_expr(d.adbin, d.adrelid), nullif(a.attidentity, ''), nullif(a.attgenerated, ''),
      case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
      a.attstorage, a.attoptions::text, nullif(a.attstattarget, -1)
    )
  from relations r
  join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
  where r.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
  union all
  select 'constraint', format('%s.%I', coalesce(r.name, t.name), c.conname), c.oid, 'pg_constraint', 0, null, null,
    pg_get_constraintdef(c.oid)
  from pg_constraint c
  left join relations r on r.oid = c.conrelid
  left join types t on t.oid = c.contypid
  where r.oid is not null or t.oid is not null
  union all
  select 'index', r.name, r.oid, 'pg_class', 0, null, null,
    concat_ws(
      ' ', pg_get_indexdef(r.oid), case when not i.indisvalid then 'invalid' end,
      case when i.indisreplident then 'replica identity' end, case when i.indisclustered then 'clustered' end
    )
  from relations r
  join pg_index i on i.indexrelid = r.oid
  union all
  select 'function', f.oid::regprocedure::text, f.oid, 'pg_proc', 0, f.proowner,
    coalesce(f.proacl, acldefault('f', f.proowner)),
    case when f.prokind = 'a' then (select to_jsonb(a) - 'aggfnoid' from pg_aggregate a where a.aggfnoid = f.oid)::text
      else pg_get_functiondef(f.oid) end
  from functions f
  union all
  select 'trigger', format('%s.%I', r.name, t.tgname), t.oid, 'pg_trigger', 0, null, null,
    concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
  from relations r
  join pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
  union all
  select 'rule', format('%s.%I', r.name, w.rulename), w.oid, 'pg_rewrite', 0, null, null, pg_get_ruledef(w.oid)
  from relations r
  join pg_rewrite w on w.ev_class = r.oid and w.rulename <> '_RETURN'
  union all
  select 'policy', format('%s.%I', r.name, p.polname), p.oid, 'pg_policy', 0, null, null,
    concat_ws(
      ' ', p.polcmd, p.polpermissive,
      (select string_agg(
        case role when 0 then 'public' else role::regrole::text end, ',' order by role::regrole::text
      ) from unnest(p.polroles) role),
      'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid)
    )
  from relations r
  join pg_policy p on p.polrelid = r.oid
  union all
  select 'type', t.name, t.oid, 'pg_type', 0, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner)),
    concat_ws(
      ' ', t.typtype, case when t.typnotnull then 'not null' end, t.typdefault,
      case when t.typbasetype <> 0 then format_type(t.typbasetype, t.typtypmod) end,
      (select string_agg(quote_literal(e.enumlabel), ',' order by e.enumsortorder)
        from pg_enum e where e.enumtypid = t.oid),
      (select format_type(g.rngsubtype, null) from pg_range g where g.rngtypid = t.oid)
    )
  from types t
  union all
  select 'statistics', format('%I.%I', s.nspname, x.stxname), x.oid, 'pg_statistic_ext', 0, x.stxowner, null,
    pg_get_statisticsobjdef(x.oid)
  from pg_statistic_ext x
  join kept_schemas s on s.oid = x.stxnamespace
  union all
  select 'extension', e.extname::text, e.oid, 'pg_extension', 0, e.extowner, null,
    format('%s %s', e.extnamespace::regnamespace, e.extversion)
  from pg_extension e
  union all
  select 'event trigger', e.evtname::text, e.oid, 'pg_event_trigger', 0, e.evtowner, null,
    concat_ws(' ', e.evtevent, e.evtfoid::regproc, e.evtenabled, e.evttags::text)
  from pg_event_trigger e
  where not exists (select from members m where m.classid = 'pg_event_trigger'::regclass and m.objid = e.oid)
  union all
  select 'publication', p.pubname::text, p.oid, 'pg_publication', 0, p.pubowner, null,
    concat_ws(' ', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot)
  from pg_publication p
  union all
  select 'published table', format('%s: %s', p.pubname, t.prrelid::regclass), t.oid, 'pg_publication_rel', 0,
    null, null,
    concat_ws(
      ' ', pg_get_expr(t.prqual, t.prrelid),
      (select string_agg(a.attname, ',' order by a.attname) from pg_attribute a
        where a.attrelid = t.prrelid and a.attnum = any (t.prattrs))
    )
  from pg_publication_rel t
  join pg_publication p on p.oid = t.prpubid
  union all
  select 'published schema', format('%s: %s', p.pubname, n.pnnspid::regnamespace), n.oid, 'pg_publication_namespace', 0,
    null, null, ''
  from pg_publication_namespace n
  join pg_publication p on p.oid = n.pnpubid
  union all
  select 'default privileges',
    format('%s %s %s', d.defaclrole::regrole, coalesce(s.nspname, '(any schema)'), d.defaclobjtype), d.oid,
    'pg_default_acl', 0, null, d.defaclacl, ''
  from pg_default_acl d
  left join kept_schemas s on s.oid = d.defaclnamespace
)
select d.kind, d.name,
  concat_ws(
    e'\n', d.definition, 'owner ' || d.owner::regrole,
    (
      select string_agg(
        format(
          'grant %s to %s by %s%s', g.privilege_type,
          case g.grantee when 0 then 'public' else g.grantee::regrole::text end,
          g.grantor::regrole, case when g.is_grantable then ' with grant option' end
        ),
        e'\n' order by g.grantee::regrole::text, g.privilege_type, g.grantor::regrole::text
      )
      from aclexplode(d.acl) g
    ),
    'comment ' || quote_literal(
      case when d.sub > 0 then col_description(d.object, d.sub) else obj_description(d.object, d.catalogue::name) end
    )
  ) as definition
from described d
order by d.kind, d.name
