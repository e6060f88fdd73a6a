begin;
select plan(9);
select tests.create_user('owner');
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();

insert into public.usage_counters (user_id, feature, period_start, count, reset_at)
select tests.profile_id('owner'), 'messages', d.starts_at, 1, d.starts_at + interval '1 day'
from (values (now() - interval '2 days 1 hour'), (now() - interval '1 day')) d (starts_at);
insert into public.user_activity (user_id, action, created_at)
values
  (tests.profile_id('owner'), 'old', now() - interval '366 days'),
  (tests.profile_id('owner'), 'new', now() - interval '364 days');
insert into public.sync_logs (event_type, event_source, success, created_at)
values
  ('old', 'bridge', true, now() - interval '366 days'), ('new', 'bridge', true, now() - interval '364 days');
insert into public.audit_logs (action, created_at)
values ('old', now() - interval '731 days'), ('new', now() - interval '729 days');
insert into public.bridge_tokens (user_id, auth_session_id, token_hash, expires_at)
values
  (tests.profile_id('owner'), gen_random_uuid(), 'old', now() - interval '25 hours'),
  (tests.profile_id('owner'), gen_random_uuid(), 'new', now() - interval '23 hours');
insert into public.organization_invitations (organization_id, email, role, token_hash, expires_at)
select p.organization_id, i.email, 'member', sha256(i.email::bytea), now() - i.age
from public.profiles p,
  (values ('old@example.com', interval '31 days'), ('new@example.com', interval '29 days')) i (email, age)
where p.id = tests.profile_id('owner');
insert into public.stripe_events (id, type, livemode, status, created_at, received_at)
select status || age, 'invoice.paid', false, status, now(), now() - make_interval(days => age)
from unnest(array['processing', 'processed', 'ignored', 'failed']) as status, unnest(array[89, 91]) as age;
insert into private.rate_counters (bucket, subject, minute, count)
values ('test', 'old', now() - interval '25 hours', 1), ('test', 'new', now() - interval '23 hours', 1);
insert into private.deleted_turns (turn_id, user_id, deleted_at)
select gen_random_uuid(), tests.profile_id('owner'), now() - make_interval(hours => age)
from unnest(array[23, 25]) as age;
insert into private.purge_counts (day, kind, deleted)
values (current_date - 370, 'old', 1), (current_date - 360, 'new', 1);

select private.run_retention() from generate_series(1, 15);

select results_eq(
  $$ select reset_at > now() - interval '1 day' from public.usage_counters $$, array[true],
  'counters of past periods are deleted'
);
select results_eq(
  $$ select action from public.user_activity where action in ('old', 'new') $$, array['new'],
  'activity is deleted after a year'
);
select results_eq(
  'select event_type from public.sync_logs', array['new'], 'attempts at the bridge are deleted after a year'
);
select results_eq('select action from public.audit_logs', array['new'], 'the audit log is deleted after two years');
select results_eq(
  $$ select token_hash from public.bridge_tokens $$, array['new'::bytea],
  'bridge codes are deleted once they are unusable'
);
select results_eq(
  'select email from public.organization_invitations', array['new@example.com'],
  'invitations are deleted once they are unusable'
);
select set_eq(
  'select id from public.stripe_events',
  array['processing89', 'processing91', 'processed89', 'ignored89', 'failed89', 'failed91'],
  'events are deleted 90 days after they were settled, and unsettled ones stay'
);
select results_eq(
  $$ select subject from private.rate_counters where bucket = 'test' $$, array['new'], 'idle rate counters are deleted'
);
select set_eq(
  'select kind, deleted from private.purge_counts where deleted > 0',
  $$ values ('new', 1::bigint), ('usage_counters', 1), ('user_activity', 1), ('sync_logs', 1), ('audit_logs', 1),
     ('bridge_tokens', 1), ('organization_invitations', 1), ('stripe_events', 2),
     ('history', 1), ('rate_counters', 1), ('deleted_turns', 1) $$,
  'the deletions are counted'
);
select * from finish();
rollback;
