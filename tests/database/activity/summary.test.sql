begin;
select plan(7);
select tests.create_user('owner'), tests.create_user('stranger'), tests.create_user('admin');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');
insert into public.user_activity (user_id, action, created_at)
select tests.profile_id('owner'), a.action, now() - a.ago
from (values ('click', interval '1 day'), ('click', '6 days'), ('open', '2 hours'), ('close', '8 days'))
  as a (action, ago);

select tests.act_as('owner');
select results_eq(
  'select * from public.get_user_activity_summary()',
  $$ values (4::bigint, 3::bigint, now() - interval '2 hours', 'click') $$,
  'a user reads a summary of their own activity'
);
select results_eq(
  $$ select total_actions from public.get_user_activity_summary(tests.profile_id('owner')) $$, 'values (4::bigint)',
  'a user may name their own id'
);
select tests.act_as('stranger');
select results_eq(
  'select * from public.get_user_activity_summary()', $$ values (0::bigint, 0::bigint, null::timestamptz, null) $$,
  'a user without activity gets zeros'
);
select throws_ok(
  $$ select public.get_user_activity_summary(tests.profile_id('owner')) $$, 'PT403', 'not_allowed',
  'a user cannot read another''s summary'
);
select tests.act_as('admin');
select results_eq(
  $$ select total_actions from public.get_user_activity_summary(tests.profile_id('owner')) $$, 'values (4::bigint)',
  'an admin can read another''s summary'
);
select throws_ok(
  $$ select public.get_user_activity_summary(gen_random_uuid()) $$, 'PT404', 'user_not_found',
  'an admin must name a known user'
);
select tests.act_as_postgres();
select results_eq(
  'select admin_id, user_id, action from public.audit_logs',
  $$ values (tests.profile_id('admin'), tests.profile_id('owner'), 'get_user_activity_summary') $$,
  'reading another''s summary is audited, reading one''s own is not'
);
select * from finish();
rollback;
