begin;
select plan(3);
select tests.create_user('owner');
select tests.become('authenticated', '{"role": "authenticated"}');
select throws_ok('select private.require_signed_in()', 'PT401', 'session_ended', 'a token without a user is refused');
select tests.become('authenticated', jsonb_build_object('sub', tests.auth_id('owner'), 'role', 'authenticated'));
select throws_ok('select private.require_signed_in()', 'PT401', 'session_ended',
  'a token without a sign-in is refused');
select set_config('parley.tool_user', gen_random_uuid()::text, true);
select throws_ok('select private.require_signed_in()', 'PT401', 'session_ended', 'so is a tool of another user');
select * from finish();
rollback;
