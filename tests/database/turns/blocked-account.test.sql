begin;
select plan(2);
select tests.create_user('banned'), tests.create_user('suspended');
create temp table made on commit drop as
  select name, tests.create_session(name) as session_id from unnest(array['banned', 'suspended']) as name;
grant select on made to public;
update public.profiles set role = 'banned' where id = tests.profile_id('banned');
update public.profiles set is_active = false where id = tests.profile_id('suspended');

select tests.act_as_service();
select throws_ok(
  format('select tests.start_turn(%L, %L)', name, session_id), 'PT403', 'account_blocked',
  format('a %s user cannot start a turn', name)
)
from made;
select * from finish();
rollback;
