begin;
select plan(6);
update private.retention_policy set batch_rows = 2;
insert into private.rate_counters (bucket, subject, minute, count)
select 'test', n::text, now() - interval '25 hours', 1 from generate_series(1, 3) n;
select private.run_retention();
select is(
  (select count(*) from private.rate_counters where bucket = 'test'), 1::bigint,
  'a full batch leaves rows for the next call'
);
select private.run_retention() from generate_series(1, 4);
select is_empty($$ select from private.rate_counters where bucket = 'test' $$, 'later calls delete the remaining rows');
select results_eq(
  $$ select kind, deleted, reached from private.purge_counts where kind in ('rate_counters', 'failed_sign_ups')
     order by kind $$,
  $$ values ('failed_sign_ups', 0::bigint, 'infinity'::timestamptz), ('rate_counters', 3, 'infinity') $$,
  'each kind is recorded as done, even if it deleted nothing'
);

insert into private.rate_counters (bucket, subject, minute, count)
values ('test', 'late', now() - interval '25 hours', 1);
select tests.create_login('late');
create function pg_temp.tuples_read()
returns bigint
language sql
as $$
  select sum(pg_stat_get_xact_tuples_returned(c.oid))::bigint from pg_class c
  where c.oid = any (array['private.rate_counters', 'auth.users']::regclass[])
$$;
create temp table before on commit drop as select pg_temp.tuples_read() as tuples;
select is(private.run_retention(), false, 'after that there is nothing to do for the day');
select is(pg_temp.tuples_read() - tuples, 0::bigint, 'finished kinds are not read again that day') from before;

update private.purge_counts set day = day - 1;
select private.run_retention();
select is_empty($$ select from private.rate_counters where bucket = 'test' $$, 'they are read again on the next day');
select * from finish();
rollback;
