begin;
-- Which tables an export leaves out, and why, is in tests/functions/account/export.test.ts.
select plan(2);
select is_empty(
  $$ select s.section from private.export_sections() s
     where not exists (
       select from pg_class c
       where c.oid in (to_regclass('public.' || s.section), to_regclass('private.' || s.section))
     ) $$,
  'a section has the name of its table'
);
select is_empty(
  $$ select s.section, s.keys
     from private.export_sections() s
     join pg_class c on c.oid in (to_regclass('public.' || s.section), to_regclass('private.' || s.section))
     where not exists (
       select from pg_index i
       where i.indrelid = c.oid and i.indisunique and i.indpred is null
         and not exists (
           select from unnest(i.indkey) as k (attnum)
           join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
           where a.attname not in ('user_id', 'session_id') and a.attname <> all (s.keys)
         )
     ) $$,
  'no two rows of a user have the same keys'
);
select * from finish();
rollback;
