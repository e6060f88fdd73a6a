begin;
select plan(4);
insert into private.identities (hash, messages, period_start, month, trial_used_at)
select sha256(kind::bytea), messages, period_start, private.this_month() - months, trial_used_at
from (values
  ('current', 5, now() - interval '3 days', 0, null::timestamptz),
  ('spent this month', 0, now() - interval '40 days', 0, null),
  ('ended', 5, now() - interval '40 days', 2, null),
  ('ended with trial', 5, now() - interval '40 days', 2, now() - interval '40 days'),
  ('old trial', 0, now() - interval '400 days', 14, now() - interval '396 days')
) as rows (kind, messages, period_start, months, trial_used_at);
update private.identities set month = date_trunc('month', month)::date;

select private.run_retention() from generate_series(1, 4);
select set_eq(
  $$ select k.kind, i.messages from private.identities i
     join unnest(array['current', 'spent this month', 'ended', 'ended with trial', 'old trial']) as k (kind)
       on i.hash = sha256(k.kind::bytea) $$,
  $$ values ('current', 5), ('spent this month', 0), ('ended with trial', 0) $$,
  'usage goes when its periods end; a used trial stays for identity_days'
);
select is(private.run_retention(), false, 'then nothing is left to do');

delete from private.purge_counts;
update private.retention_policy set identity_days = 30;
select private.run_retention() from generate_series(1, 3);
select is((select count(*)::integer from private.identities), 2, 'the policy decides how long a trial stays');
delete from private.purge_counts;
update private.retention_policy set identity_days = 0;
select private.run_retention() from generate_series(1, 3);
select is_empty('select from private.identities', 'with 0, all rows go');
select * from finish();
rollback;
