begin;
select plan(1);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;
update public.assistants set is_active = false where slug = 'coach';

select tests.act_as_service();
select throws_ok(
  $$ select tests.start_turn('owner', session_id) from made $$, 'PT409', 'assistant_unavailable',
  'a turn with a disabled assistant is refused'
);
select * from finish();
rollback;
