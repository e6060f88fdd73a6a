begin;
select plan(3);
select tests.create_login(name, email => name || '@example.com')
from unnest(array['failed', 'has-profile', 'confirmed', 'phone', 'signed-in', 'mailed', 'invited', 'fresh',
  'has-session']) as name;
update auth.users set created_at = now() - interval '8 days', updated_at = now() - interval '8 days'
where id <> tests.auth_id('fresh');
update auth.users set email_confirmed_at = now() where id = tests.auth_id('confirmed');
update auth.users set phone_confirmed_at = now() where id = tests.auth_id('phone');
update auth.users set last_sign_in_at = now() - interval '8 days' where id = tests.auth_id('signed-in');
update auth.users set confirmation_sent_at = now() - interval '6 days' where id = tests.auth_id('mailed');
update auth.users set invited_at = now() - interval '6 days' where id = tests.auth_id('invited');
insert into auth.sessions (id, user_id) values (gen_random_uuid(), tests.auth_id('has-session'));
delete from public.profiles p where p.auth_id <> tests.auth_id('has-profile');

select private.run_retention() from generate_series(1, 4);
select set_eq(
  'select u.name from tests.users u where not exists (select from auth.users a where a.id = u.auth_id)',
  array['failed'],
  'only an unusable login without a profile is deleted'
);
select results_eq(
  'select kind, deleted from private.purge_counts where deleted > 0', $$ values ('failed_sign_ups', 1::bigint) $$,
  'the deleted login is counted'
);

select tests.act_as('confirmed');
select isnt((public.ensure_profile()).id, null, 'remaining logins still get a profile');
select * from finish();
rollback;
