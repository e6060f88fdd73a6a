begin;
select plan(2);
select is_empty(
  $$ with granted as materialized (
       select a.attrelid, a.attname, privilege
       from pg_attribute a
       join pg_class c on c.oid = a.attrelid,
       unnest(array['select', 'insert', 'update', 'references']) as privilege
       where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
         and c.relkind in ('r', 'p', 'v', 'm', 'f')
         and a.attnum > 0 and not a.attisdropped and has_column_privilege('anon', a.attrelid, a.attnum, privilege)
         and (privilege <> 'select' or c.relname not in ('stripe_products', 'stripe_prices'))
     )
     select attrelid::regclass, attname, privilege from granted where tests.is_parleys_column(attrelid, attname) $$,
  'anon can write no column and read only those of the catalogue'
);
select is_empty(
  $$ select c.oid::regclass, r.role_name, privilege
     from pg_class c, (values ('anon'), ('authenticated')) as r (role_name),
     unnest(array['truncate', 'trigger']) as privilege
     where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p')
       and has_table_privilege(r.role_name, c.oid, privilege) $$,
  'clients cannot truncate or add triggers, which policies do not cover'
);
select * from finish();
rollback;
