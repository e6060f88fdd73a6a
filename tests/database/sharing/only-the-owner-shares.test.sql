begin;
select plan(9);
select tests.create_user('owner'), tests.create_user('stranger');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

select tests.act_as('stranger');
select throws_ok(
  $$ select public.set_chat_visibility(session_id, 'public') from made $$, 'PT404', 'session_not_found',
  'a stranger does not share the owner''s chat'
);
select tests.act_as('owner');
select throws_ok(
  $$ select public.set_chat_visibility(session_id, 'friends') from made $$, 'PT400', 'invalid_visibility',
  'there are two visibilities'
);
select throws_ok(
  $$ select public.set_chat_visibility(session_id, null) from made $$, 'PT400', 'invalid_visibility', 'and not null'
);
select throws_ok(
  $$ update public.chat_sessions set visibility = 'public', share_token = 'mine' $$, '42501', null,
  'nobody chooses the token'
);
select lives_ok($$ select public.set_chat_visibility(session_id, 'public') from made $$, 'the owner shares it');

select tests.act_as('stranger');
select is_empty(
  $$ select from public.chat_sessions where visibility = 'public' $$, 'shared chats are not listed to users'
);
select tests.act_as_anon();
select throws_ok(
  $$ select from public.chat_sessions where visibility = 'public' $$, '42501', null, 'nor to anybody'
);

select tests.act_as_postgres();
update public.profiles set role = 'banned' where id = tests.profile_id('owner');
select tests.act_as('owner');
select throws_ok(
  $$ select public.set_chat_visibility(session_id, 'public') from made $$, 'PT403', 'account_blocked',
  'the banned do not share'
);
select lives_ok(
  $$ select public.set_chat_visibility(session_id, 'private') from made $$, 'and may take back what they shared'
);
select * from finish();
rollback;
