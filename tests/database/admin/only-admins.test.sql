-- Every function for admins × every kind of caller. The row decides about an admin's rights, not the token.
begin;
select tests.create_user(name)
from unnest(array['target', 'user', 'premium', 'suspended', 'demoted', 'banned', 'gone', 'admin']) as name;
update public.profiles p
set role = a.role::public.user_role, is_active = a.name <> 'suspended'
from (values ('premium', 'premium'), ('suspended', 'admin'), ('demoted', 'admin'), ('banned', 'admin'),
  ('gone', 'admin'),
  ('admin', 'admin')) as a (name, role)
where p.id = tests.profile_id(a.name);
update public.profiles set role = 'user' where id = tests.profile_id('demoted');
update public.profiles set role = 'banned' where id = tests.profile_id('banned');
select private.anonymize_profile(tests.profile_id('gone'));
insert into public.admin_notes (id, user_id, note)
values ('00000000-0000-4000-8000-000000000001', tests.profile_id('target'), 'Kind.');

create function pg_temp.outcome(actor text, statement text)
returns text
language plpgsql
as $$
begin
  perform tests.act_as(actor);
  execute statement;
  raise exception using errcode = 'ZZ000';
exception
  when sqlstate 'ZZ000' then return 'ok';
  when others then return sqlerrm;
end
$$;

create temp table calls (statement text) on commit drop;
insert into calls values
  ($$ public.admin_list_users() $$),
  ($$ public.admin_get_user(tests.profile_id('target')) $$),
  ($$ public.admin_set_role(tests.profile_id('target'), 'admin') $$),
  ($$ public.admin_set_active(tests.profile_id('target'), false) $$),
  ($$ public.admin_add_note(tests.profile_id('target'), 'x') $$),
  ($$ public.admin_flag_note('00000000-0000-4000-8000-000000000001') $$),
  ($$ public.admin_list_notes() $$),
  ($$ public.admin_list_assistant_files('coach') $$),
  ($$ public.admin_grant_credits(tests.profile_id('target'), 1) $$),
  ($$ public.admin_grant_plan(tests.profile_id('target'), 'pro') $$),
  ($$ public.admin_list_audit() $$),
  ($$ public.get_user_stats() $$),
  ($$ public.get_user_activity_summary(tests.profile_id('target')) $$);

select plan(7 * count(*)::integer + 2) from calls;
select set_eq(
  $$ select proname::text from pg_proc
     where pronamespace = 'public'::regnamespace and proname like 'admin\_%' and tests.is_parleys_function(oid) $$,
  $$ select substring(statement from 'public\.(\w+)') from calls where statement like '%.admin\_%' $$,
  'every function for admins is tried'
);
select is(pg_temp.outcome(actor, 'select ' || statement), outcome, format('%s: %s', actor, btrim(statement)))
from calls, (values
  ('user', 'not_allowed'), ('premium', 'not_allowed'), ('demoted', 'not_allowed'), ('banned', 'not_allowed'),
  ('gone', 'not_allowed'), ('suspended', 'account_blocked'), ('admin', 'ok')
) as actors (actor, outcome);
select is_empty('select from public.audit_logs', 'refused calls are not audited');
select * from finish();
rollback;
