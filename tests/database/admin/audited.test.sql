begin;
select plan(5);
select tests.create_user('target'), tests.create_user('admin');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');

select tests.act_as('admin');
select set_config('request.headers', '{"x-forwarded-for": " 203.0.113.9 , 10.0.0.1"}', true);
select public.admin_set_role(tests.profile_id('target'), 'premium');
select public.admin_set_active(tests.profile_id('target'), false);
select public.admin_grant_credits(tests.profile_id('target'), 5, now() + interval '1 day');
create temp table made on commit drop as
  select * from public.admin_add_note(tests.profile_id('target'), ' Kind. ', true) as note;
select public.admin_flag_note(id, false) from made;
select public.admin_get_user(tests.profile_id('target'));
select public.admin_list_users(search => 'tar', plan => 'free');

select tests.act_as_postgres();
select results_eq(
  'select action, before, after, details from public.audit_logs order by ctid',
  $$ values
     ('admin_set_role', '{"role": "user"}'::jsonb, '{"role": "premium"}'::jsonb, '{}'::jsonb),
     ('admin_set_active', '{"is_active": true}', '{"is_active": false}', '{}'),
     ('admin_grant_credits', '{"tokens": 0, "tokens_expires_at": null}',
       jsonb_build_object('tokens', 5, 'tokens_expires_at', now() + interval '1 day'), '{}'),
     ('admin_add_note', null, (select jsonb_build_object('note_id', id, 'is_flagged', true) from made), '{}'),
     ('admin_flag_note', '{"is_flagged": true}', '{"is_flagged": false}',
       (select jsonb_build_object('note_id', id) from made)),
     ('admin_get_user', null, null, '{}'),
     ('admin_list_users', null, null, jsonb_build_object('page', 1, 'page_size', 20, 'plan', 'free',
       'sort', 'created_at', 'direction', 'desc', 'search_hash', private.hash_search('TAR '))) $$,
  'every action is audited with its changes'
);
select is_empty(
  $$ select from public.audit_logs where admin_id is distinct from tests.profile_id('admin') $$,
  'the audit log names the admin'
);
select is_empty(
  $$ select from public.audit_logs
     where user_id is distinct from tests.profile_id('target')
       and action <> 'admin_list_users' $$, 'the audit log names the user'
);
select is_empty(
  $$ select from public.audit_logs where ip_address is distinct from '203.0.113.9' $$,
  'the audit log has the IP address'
);
select results_eq(
  $$ select private.parse_address(text)
     from unnest(array['10.0.0.7', '::1', '10.0.0.7/8', '1.2.3.4:80', 'x', '', null]) as text $$,
  $$ values ('10.0.0.7'::inet), ('::1'), ('10.0.0.7'), (null), (null), (null), (null) $$,
  'an invalid IP address is stored as null'
);
select * from finish();
rollback;
