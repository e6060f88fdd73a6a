begin;
select plan(5);
select tests.create_user('long', jsonb_build_object(
  'user_name', repeat('x', 5000), 'avatar_url', 'https://example.com/' || repeat('x', 5000)
));
select tests.create_user('script', '{"user_name": "  ", "avatar_url": "javascript:alert(1)"}');
select tests.create_user('nested', '{"user_name": {"a": [1]}, "avatar_url": 7}');
select tests.create_user('array', '["user_name"]');
select tests.create_user('empty', null);

select row_eq(
  $$ select char_length(user_name), char_length(avatar_url) from public.profiles where id = tests.profile_id('long') $$,
  row(200, 2048), 'a name that is too long is cut'
);
select row_eq(
  $$ select user_name, avatar_url from public.profiles where id = tests.profile_id('script') $$,
  row(null::text, null::text), 'a blank name and a picture that is not a web address are ignored'
);
select is(
  (select avatar_url from public.profiles where id = tests.profile_id('nested')), null,
  'values of another type are ignored'
);
select ok(tests.profile_id('array') is not null, 'metadata that is not an object is ignored');
select ok(tests.profile_id('empty') is not null, 'metadata may be missing');
select * from finish();
rollback;
