begin;
select plan(1);
select is_empty(
  $$ select c.oid::regclass, role_name, privilege
     from pg_class c, unnest(array['anon', 'authenticated', 'service_role']) as role_name,
     unnest(array['select', 'insert', 'update', 'references']) as privilege
     where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
       and (
         has_any_column_privilege(role_name, c.oid, privilege)
         or has_table_privilege(role_name, c.oid, 'delete, truncate')
       ) $$,
  'no role of the API has rights on tables of private'
);
select * from finish();
rollback;
