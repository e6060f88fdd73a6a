begin;
select plan(3);
select tests.create_user('target'), tests.create_user('admin');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');
select tests.create_session('target'), tests.create_session('target');
insert into public.user_activity (user_id, action, created_at)
select tests.profile_id('target'), 'click', now() - n * interval '1 hour' from generate_series(1, 3) n;
insert into public.usage_metrics
  (user_id, day, feature_type, model, request_count, input_tokens, output_tokens, web_searches, images,
    total_cost)
values
  (tests.profile_id('target'), '2026-01-01', 'chat', 'a', 2, 10, 5, 1, 0, 0.5),
  (tests.profile_id('target'), '2026-01-02', 'chat', 'a', 1, 20, 5, 2, 1, 0.25);
insert into public.admin_notes (user_id, note, is_flagged)
values (tests.profile_id('target'), 'a', true), (tests.profile_id('target'), 'b', false);

create temp table wanted on commit drop as select jsonb_build_object(
  'email', 'target@example.com', 'session_count', 2, 'activity_count', 3, 'last_activity', now() - interval '1 hour',
  'request_count', 3, 'total_tokens', 40, 'web_searches', 3, 'images', 1, 'total_cost', 0.75, 'flagged_notes', 1
) as counts;
grant select on wanted to public;

select tests.act_as('admin');
select ok(
  public.admin_list_users(search => 'target') -> 'users' -> 0 @> counts,
  'the list counts each user''s activity and usage'
) from wanted;
select ok(
  public.admin_get_user(tests.profile_id('target')) @> (counts || jsonb_build_object(
    'note_count', 2, 'organization', null, 'activity',
    jsonb_build_object('total_actions', 3, 'most_common_action', 'click')
  )), 'a single user has more details'
) from wanted;
select throws_ok(
  $$ select public.admin_get_user(gen_random_uuid()) $$, 'PT404', 'user_not_found', 'an unknown user is not found'
);
select * from finish();
rollback;
