begin;
select plan(2);
select tests.create_user('ada', '{"full_name": "Ada Lovelace", "picture": "https://example.com/ada.png"}');
select tests.create_user(
  'bob', '{"user_name": "bob", "full_name": "Robert", "avatar_url": "https://example.com/bob.png"}'
);

select row_eq(
  $$ select email, user_name, avatar_url, role::text, email_confirmed, auth_provider
     from public.profiles where id = tests.profile_id('ada') $$,
  row(
    'ada@example.com'::text, 'Ada Lovelace'::text, 'https://example.com/ada.png'::text,
    'user'::text, true, 'email'::text
  ),
  'a profile takes name and picture from the identity provider'
);
select is(
  (select user_name from public.profiles where id = tests.profile_id('bob')), 'bob',
  'a chosen user name comes before the full name'
);
select * from finish();
rollback;
