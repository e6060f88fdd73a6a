begin;
select plan(2);
select tests.create_user('owner');
select private.anonymize_profile(tests.profile_id('owner'));
select tests.create_session('owner', 'Mine');

select tests.act_as('owner');
select throws_ok(
  $$ insert into public.chat_sessions (assistant_slug) values ('coach') $$, 'PT403', 'account_blocked',
  'a deleted account cannot start a session'
);
select is_empty('select id from public.chat_sessions', 'a token that outlives its account reads nothing');
select * from finish();
rollback;
