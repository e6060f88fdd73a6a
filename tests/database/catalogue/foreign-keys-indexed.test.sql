begin;
select plan(1);
select is_empty(
  $$ select c.conrelid::regclass, c.conname
     from pg_constraint c
     where c.contype = 'f'
       and c.connamespace in ('public'::regnamespace, 'private'::regnamespace)
       and not exists (
         select from pg_index i
         where i.indrelid = c.conrelid
           and i.indisvalid
           and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\(\w+ IS NOT NULL\)$')
           -- indkey counts from 0.
           and (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] @> c.conkey
       ) $$,
  'every foreign key has an index that begins with its columns'
);
select * from finish();
rollback;
