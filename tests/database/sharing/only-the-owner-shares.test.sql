begin;
select plan(9);
select tests.create_user('owner'), tests.create_user('stranger');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

select tests.act_as('stranger');
select throws_ok(
  $$ select public.set_chat_visibility(session_id, 'public') from made $$, 'PT404', 'session_not_found',
  'a stranger cannot share the owner''s chat'
);
select tests.act_as('owner');
select throws_ok(
  $$ select public.set_chat_visibility(session_id, 'friends') from made $$, 'PT400', 'invalid_visibility',
  'an unknown visibility is refused'
);
select throws_ok(
  $$ select public.set_chat_visibility(session_id, null) from made $$, 'PT400', 'invalid_visibility',
  'a null visibility is refused'
);
select throws_ok(
  $$ update public.chat_sessions set visibility = 'public', share_token = 'mine' $$, '42501', null,
  'a client cannot choose the token'
);
select lives_ok(
  $$ select public.set_chat_visibility(session_id, 'public') from made $$, 'the owner can share the chat'
);

select tests.act_as('stranger');
select is_empty(
  $$ select from public.chat_sessions where visibility = 'public' $$, 'shared chats are not listed to users'
);
select tests.act_as_anon();
select throws_ok(
  $$ select from public.chat_sessions where visibility = 'public' $$, '42501', null,
  'shared chats are not listed to anonymous callers'
);

select tests.act_as_postgres();
update public.profiles set role = 'banned' where id = tests.profile_id('owner');
select tests.act_as('owner');
select throws_ok(
  $$ select public.set_chat_visibility(session_id, 'public') from made $$, 'PT403', 'account_blocked',
  'a banned owner cannot share a chat'
);
select lives_ok(
  $$ select public.set_chat_visibility(session_id, 'private') from made $$,
  'a banned owner may make a shared chat private'
);
select * from finish();
rollback;
