begin;
select plan(2);
select tests.create_user('owner'), tests.create_user('stranger');
create temp table made on commit drop as select tests.create_session('stranger') as session_id;
grant select on made to public;
-- The column grants already stop clients, so they are removed to test the policies.
grant insert, update on public.chat_sessions to authenticated;

select tests.act_as('stranger');
select throws_ok(
  $$ insert into public.chat_sessions (user_id, assistant_slug) values (tests.profile_id('owner'), 'coach') $$,
  '42501', 'new row violates row-level security policy for table "chat_sessions"',
  'a session cannot be created for another user'
);
select throws_ok(
  $$ update public.chat_sessions set user_id = tests.profile_id('owner') $$,
  '42501', 'new row violates row-level security policy for table "chat_sessions"',
  'a session cannot be given to another user'
);
select * from finish();
rollback;
