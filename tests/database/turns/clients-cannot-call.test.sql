begin;
-- Parley's functions that are not listed here are for the service role, new functions included.
create temp table callable (role_name text, function_name text) on commit drop;
insert into callable values ('anon', 'get_shared_chat');
insert into callable
  select 'authenticated', function_name from unnest(array[
    'accept_invitation', 'admin_add_note', 'admin_flag_note', 'admin_get_user', 'admin_grant_credits',
    'admin_grant_plan', 'admin_list_assistant_files', 'admin_list_audit', 'admin_list_notes', 'admin_list_users',
    'admin_set_active',
    'admin_set_role',
    'create_organization', 'delete_organization', 'ensure_profile', 'export_account', 'get_my_usage',
    'get_shared_chat', 'get_user_activity_summary', 'get_user_stats', 'invite_member', 'issue_bridge_token',
    'leave_organization', 'list_invitations', 'list_members', 'log_activity', 'organization_usage', 'remove_member',
    'rename_organization',
    'request_account_deletion', 'resend_invitation', 'revoke_invitation', 'set_chat_visibility', 'set_member_role',
    'set_organization_budget', 'transfer_ownership'
  ]) as function_name;
create temp table refused on commit drop as
  select r.role_name, p.proname as function_name, format('select public.%I(%s)', p.proname, (
    select string_agg(format('null::%s', format_type(argument, null)), ', ' order by position)
    from unnest(p.proargtypes) with ordinality as arguments (argument, position)
  )) as call
  from pg_proc p, (values ('anon'), ('authenticated')) as r (role_name)
  where p.pronamespace = 'public'::regnamespace
    and tests.is_parleys_function(p.oid)
    and not exists (select from callable c where c.role_name = r.role_name and c.function_name = p.proname);
grant select on refused to public;
select plan((select count(*)::integer from refused));
select tests.create_user('ada');

select tests.act_as_anon();
select throws_ok(
  call, '42501', 'permission denied for function ' || function_name, 'anon cannot call ' || function_name
)
from refused where role_name = 'anon';
select tests.act_as('ada');
select throws_ok(
  call, '42501', 'permission denied for function ' || function_name, 'a user cannot call ' || function_name
)
from refused where role_name = 'authenticated';
select * from finish();
rollback;
