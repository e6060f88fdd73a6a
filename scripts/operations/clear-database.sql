-- Drops everything that the migrations made, and empties the platform's tables. This is the first part of a restore and
-- runs in its transaction. Objects of extensions stay.

drop schema if exists private, tools, supabase_migrations cascade;

-- Roles belong to the server, so an archive has none. The restored database makes its memberships.
do $$
begin
  if not exists (select from pg_roles where rolname = 'parley_tools') then
    create role parley_tools nologin inherit;
  end if;
end
$$;

do $$
declare
  doomed text[] := array(
    select format('drop %s if exists public.%I cascade',
      case c.relkind
        when 'v' then 'view'
        when 'm' then 'materialized view'
        when 'f' then 'foreign table'
        when 'S' then 'sequence'
        when 'c' then 'type'
        else 'table'
      end, c.relname)
    from pg_class c
    where c.relnamespace = 'public'::regnamespace
      and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    -- Sequences come last: dropping a table also drops the sequences of its columns.
    order by c.relkind = 'S'
  ) || array(
    select format('drop routine if exists public.%I(%s) cascade', p.proname, pg_get_function_identity_arguments(p.oid))
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  ) || array(
    select format('drop type if exists public.%I cascade', t.typname)
    from pg_type t
    where t.typnamespace = 'public'::regnamespace
      and t.typtype in ('e', 'd', 'r')
      and not exists (select from pg_depend d where d.objid = t.oid and d.deptype = 'e')
  ) || array(
    select format('drop policy %I on %I.%I', p.policyname, p.schemaname, p.tablename)
    from pg_policies p
    where p.schemaname in ('auth', 'storage')
  );
  statement text;
begin
  foreach statement in array doomed loop
    execute statement;
  end loop;
end
$$;

-- Restores Postgres' own default privileges, because the archive contains only grants that differ from them.
do $$
declare
  changed record;
begin
  for changed in
    select
      d.defaclnamespace as schema_id,
      case when d.defaclnamespace = 0 then '' else ' in schema ' || d.defaclnamespace::regnamespace end as place,
      case d.defaclobjtype
        when 'r' then 'tables'
        when 'S' then 'sequences'
        when 'f' then 'functions'
        when 'T' then 'types'
        else 'schemas'
      end as kind,
      array(
        select distinct case when a.grantee = 0 then 'public' else a.grantee::regrole::text end
        from aclexplode(d.defaclacl) a
      ) as grantees
    from pg_default_acl d
    where d.defaclrole = current_user::regrole
  loop
    if cardinality(changed.grantees) > 0 then
      execute format('alter default privileges%s revoke all on %s from %s',
        changed.place, changed.kind, array_to_string(changed.grantees, ', '));
    end if;
    if changed.schema_id = 0 then
      execute format('alter default privileges grant all on %s to %I', changed.kind, current_user);
      if changed.kind in ('functions', 'types') then
        execute format('alter default privileges grant all on %s to public', changed.kind);
      end if;
    end if;
  end loop;
end
$$;

-- Only Supabase's Storage API may delete rows of its tables, unless a transaction says that it knows what it does.
set local storage.allow_delete_query = 'true';

do $$
declare
  system_table regclass;
begin
  for system_table in
    select c.oid::regclass
    from pg_class c
    where c.relnamespace in ('auth'::regnamespace, 'storage'::regnamespace)
      and c.relkind = 'r'
      -- The platform's own history of migrations must stay that of the target.
      and c.relname !~ 'migrations$'
      -- Tables of other products of Supabase, such as storage.buckets_vectors, belong to the platform alone.
      and has_table_privilege(c.oid, 'delete')
    -- Sessions and the like go with their users, objects before their buckets.
    order by c.relname = 'buckets', c.relname
  loop
    execute format('delete from %s', system_table);
  end loop;
end
$$;
