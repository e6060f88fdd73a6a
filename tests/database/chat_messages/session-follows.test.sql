begin;
select plan(3);
select tests.create_user('owner');
create temp table made on commit drop as
  select tests.create_session('owner') as session_id, tests.create_session('owner') as other_id;
update public.chat_sessions set updated_at = '2000-01-01';
select tests.create_message(session_id) from made;
insert into public.chat_messages (session_id, user_id, sender)
select session_id, tests.profile_id('owner'), 'assistant' from made, generate_series(1, 2);

select row_eq(
  'select message_count, updated_at = now() from public.chat_sessions where id = (select session_id from made)',
  row(3, true), 'new messages increase the count of their session and update its activity'
);
delete from public.chat_messages where seq > 1;
select is(
  (select message_count from public.chat_sessions where id = (select session_id from made)), 1,
  'deleted messages decrease the count'
);
select row_eq(
  $$ select message_count, updated_at = '2000-01-01' from public.chat_sessions
     where id = (select other_id from made) $$,
  row(0, true), 'other sessions are unchanged'
);
select * from finish();
rollback;
