begin;
select plan(4);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
select tests.start_turn('owner', tests.create_session('owner'));
select tests.start_turn('owner', tests.create_session('owner'));
create temp table turn on commit drop as select id, row_number() over (order by id) as number from public.chat_turns;
grant select on turn to public;
update public.chat_turns set progressed_at = '2000-01-01';
update public.chat_turns set stop_requested_at = now() where id = (select id from turn where number = 2);

select tests.act_as_service();
select public.settle_turn(id, 'complete', '{"content": "Hi", "input_tokens": 0, "output_tokens": 1}')
from turn where number = 3;
select results_eq(
  $$ select turn.number, p.is_stop_requested
     from public.report_progress((select array_agg(id) from turn)) p join turn on turn.id = p.turn_id order by 1 $$,
  $$ values (1::bigint, false), (2::bigint, true) $$,
  'active turns are reported with their stop; a settled one is not'
);
select results_eq(
  $$ select turn.number from public.chat_turns t join turn using (id) where t.progressed_at = now() order by 1 $$,
  $$ values (1::bigint), (2::bigint) $$,
  'the progress of active turns is stored'
);
select is_empty(
  $$ select public.claim_stale_turns(10) $$, 'recovery leaves turns with progress alone'
);
update public.chat_turns set progressed_at = now() - interval '61 seconds' where status = 'active';
select results_eq(
  $$ select count(*) from public.claim_stale_turns(10) $$, $$ values (2::bigint) $$,
  'recovery takes turns after 60 seconds of silence'
);
select * from finish();
rollback;
