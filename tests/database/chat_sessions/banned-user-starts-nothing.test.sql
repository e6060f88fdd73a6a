begin;
select plan(4);
select tests.create_user('owner');
select tests.create_session('owner', 'Mine');
update public.profiles set role = 'banned' where id = tests.profile_id('owner');

select tests.act_as('owner');
select throws_ok(
  $$ insert into public.chat_sessions (assistant_slug) values ('coach') $$, 'PT403', 'account_blocked',
  'a banned user cannot start a session'
);
select isnt_empty('select id from public.chat_sessions', 'a banned user can read their sessions');
select isnt_empty($$ update public.chat_sessions set title = 'Ours' returning 1 $$, 'a banned user can rename them');
select isnt_empty('delete from public.chat_sessions returning 1', 'a banned user can delete them');
select * from finish();
rollback;
