begin;
select plan(2);
select is_empty(
  $$ select table_name, privilege_type from information_schema.role_table_grants
     where grantee = 'supabase_auth_admin' and table_schema in ('public', 'private') $$,
  'the role of Auth has no rights on Parley''s tables'
);
select is_empty(
  $$ select t.tgname, p.proname
     from pg_trigger t join pg_proc p on p.oid = t.tgfoid
     where t.tgrelid = 'auth.users'::regclass and p.pronamespace = 'private'::regnamespace and not p.prosecdef $$,
  'Parley''s triggers on auth.users run with the rights of their owner'
);
select * from finish();
rollback;
