begin;
select plan(3);
select tests.create_user('ada', '{"name": "Ada", "avatar_url": "https://example.com/ada.png"}'),
  tests.create_user('bob');
select tests.create_message(tests.create_session('ada')), tests.create_session('bob');
update public.profiles set organization_name = 'Engines' where id = tests.profile_id('ada');

delete from auth.users where id = tests.auth_id('ada');
select row_eq(
  $$ select auth_id, email, user_name, organization_name, avatar_url, is_active, email_confirmed, is_deleted,
       deleted_at is not null
     from public.profiles where id = tests.profile_id('ada') $$,
  row(null::uuid, null::text, null::text, null::text, null::text, false, false, true, true),
  'the profile stays without personal data'
);
select is_empty(
  $$ select id from public.chat_sessions where user_id = tests.profile_id('ada') $$,
  'its chats are deleted'
);
select isnt_empty(
  $$ select id from public.chat_sessions where user_id = tests.profile_id('bob') $$,
  'chats of others stay'
);
select * from finish();
rollback;
