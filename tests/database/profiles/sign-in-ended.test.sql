begin;
select plan(5);
select tests.create_user('owner'), tests.create_user('other'), tests.sign_in('owner'), tests.sign_in('other');
create function pg_temp.claim(session_id text)
returns void
language sql
as $$
  select tests.become('authenticated', jsonb_strip_nulls(jsonb_build_object(
    'sub', tests.auth_id('owner'), 'role', 'authenticated', 'session_id', $1
  )))
$$;
create function pg_temp.log()
returns void
language sql
as $$ select public.log_activity('here') $$;
grant execute on function pg_temp.claim(text), pg_temp.log() to public;

select pg_temp.claim(tests.auth_id('owner')::text);
select lives_ok('select pg_temp.log()', 'a token of a session acts');
select pg_temp.claim(tests.auth_id('other')::text);
select throws_ok('select pg_temp.log()', 'PT401', 'session_ended', 'the session of another login does not count');
select pg_temp.claim(null);
select throws_ok('select pg_temp.log()', 'PT401', 'session_ended', 'a token without a session is refused');

select tests.act_as_postgres();
update auth.sessions set not_after = now() where user_id = tests.auth_id('owner');
select tests.act_as('owner');
select throws_ok('select pg_temp.log()', 'PT401', 'session_ended', 'a session past its time limit has ended');
select tests.act_as_postgres();
update public.profiles set is_active = false where id = tests.profile_id('owner');
select tests.act_as('owner');
select throws_ok('select pg_temp.log()', 'PT403', 'account_blocked', 'a suspension is named first');
select * from finish();
rollback;
