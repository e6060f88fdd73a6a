begin;
select plan(4);
select tests.create_user('owner');
select tests.create_session('owner', 'Mine');
update public.profiles set role = 'banned' where id = tests.profile_id('owner');

select tests.act_as('owner');
select throws_ok(
  $$ insert into public.chat_sessions (assistant_slug) values ('coach') $$, 'PT403', 'account_blocked',
  'a banned user starts no session'
);
select isnt_empty('select id from public.chat_sessions', 'a banned user reads the own ones');
select isnt_empty($$ update public.chat_sessions set title = 'Ours' returning 1 $$, 'a banned user renames them');
select isnt_empty('delete from public.chat_sessions returning 1', 'a banned user deletes them');
select * from finish();
rollback;
