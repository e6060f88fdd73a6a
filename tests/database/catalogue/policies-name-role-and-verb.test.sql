begin;
select plan(2);
select is_empty(
  $$ select tablename, policyname from pg_policies
     where schemaname in ('public', 'storage') and 'public' = any (roles) $$,
  'every policy names its role'
);
select is_empty(
  $$ select tablename, policyname from pg_policies
     where schemaname = 'public'
       and (cmd = 'ALL' or policyname not like tablename || '\_' || lower(cmd) || '\_%') $$,
  'every policy is for one verb and is named table_verb_who'
);
select * from finish();
rollback;
