begin;
select plan(8);
insert into private.remote_deletions (kind, remote_id, session_id, attempts)
values
  ('response', 'resp_1', '00000000-0000-0000-0000-000000000001', 0),
  ('conversation', 'conv_1', '00000000-0000-0000-0000-000000000001', 0),
  ('file', 'file_1', null, 4),
  ('file', 'file_2', null, 30);

select tests.act_as_service();
create temp table claimed on commit drop as select * from public.claim_remote_deletions('openai', 10);
select set_eq(
  'select remote_id from claimed', array['resp_1', 'file_1', 'file_2'],
  'a conversation waits for the responses of its session'
);
select is_empty($$ select * from public.claim_remote_deletions('openai', 10) $$, 'claimed rows are not claimed again');
select public.settle_remote_deletions(due_at, jsonb_build_object(id, null)) from claimed where remote_id = 'resp_1';
select results_eq(
  $$ select remote_id from public.claim_remote_deletions('openai', 10) $$, array['conv_1'],
  'after the response the conversation is claimed'
);
select public.settle_remote_deletions(due_at, jsonb_object_agg(id, 'status 500'::text))
from claimed where kind = 'file' group by due_at;

select tests.act_as_postgres();
create function pg_temp.delay(remote_id text)
returns interval
language sql
as $$
  select d.due_at - now() from private.remote_deletions d where d.remote_id = delay.remote_id
$$;
select is(pg_temp.delay('file_1'), interval '16 minutes', 'the fifth failure waits sixteen minutes');
select is(pg_temp.delay('file_2'), interval '6 hours', 'no failure waits longer than six hours');
select results_eq(
  $$ select attempts, last_error from private.remote_deletions where remote_id = 'file_1' $$,
  $$ values (5, 'status 500') $$, 'the row has the number of attempts and the last error'
);

update private.remote_deletions set due_at = now() - interval '1 minute' where remote_id = 'file_1';
create temp table again on commit drop as select * from public.claim_remote_deletions('openai', 10);
select private.enqueue_deletion('file', 'file_1');
select public.settle_remote_deletions(due_at, jsonb_build_object(id, null)) from again where remote_id = 'file_1';
select isnt_empty(
  $$ select from private.remote_deletions where remote_id = 'file_1' $$, 'a row enqueued again during its claim stays'
);
select is(
  (select attempts from private.remote_deletions where remote_id = 'file_1'), 0,
  'the row enqueued again has no attempts'
);
select * from finish();
rollback;
