begin;
select plan(3);

create function pg_temp.callable(role_name text)
returns setof text
language sql
as $$
  select format('%s.%s', pronamespace::regnamespace, proname)
  from pg_proc
  where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
    -- A team's own functions have tests of their own.
    and tests.is_parleys_function(oid)
    and has_function_privilege(role_name, oid, 'execute')
$$;

select is_empty(
  $$ select p.oid::regprocedure
     from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as acl
     where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and acl.grantee = 0 $$,
  'no function is granted to public'
);
select set_eq(
  $$ select pg_temp.callable('anon') $$,
  array['private.get_shared_chat', 'private.listed_price_ids', 'public.get_shared_chat'],
  'anon can call only the listed functions'
);
select set_eq(
  $$ select pg_temp.callable('authenticated') $$,
  array[
    'private.accept_invitation', 'private.admin_add_note', 'private.admin_flag_note', 'private.admin_get_user',
    'private.admin_grant_credits', 'private.admin_grant_plan', 'private.admin_list_assistant_files',
    'private.admin_list_audit', 'private.admin_list_notes', 'private.admin_list_users', 'private.admin_set_active',
    'private.admin_set_role', 'private.create_organization', 'private.current_profile_id',
    'private.current_sign_in',
    'private.delete_organization', 'private.ensure_my_profile', 'private.export_account', 'private.export_query',
    'private.export_sections', 'private.get_shared_chat', 'private.get_user_activity_summary',
    'private.get_user_stats', 'private.invite_member', 'private.is_safe_object_name', 'private.issue_bridge_token',
    'private.leave_organization', 'private.limit_detail', 'private.list_invitations', 'private.list_members',
    'private.listed_price_ids', 'private.log_my_activity', 'private.may_act',
    'private.my_administrated_organization_ids', 'private.my_organization_ids', 'private.my_paying_customer_ids',
    'private.organization_usage', 'private.quota_period_start', 'private.read_export_page',
    'private.read_hidden_export_page', 'private.refuse', 'private.remove_member', 'private.rename_organization',
    'private.request_account_deletion', 'private.require_can_act', 'private.require_signed_in',
    'private.resend_invitation',
    'private.revoke_invitation', 'private.set_chat_visibility', 'private.set_member_role',
    'private.set_organization_budget', 'private.this_month', 'private.transfer_ownership', 'public.accept_invitation',
    'public.admin_add_note', 'public.admin_flag_note', 'public.admin_get_user', 'public.admin_grant_credits',
    'public.admin_grant_plan', 'public.admin_list_assistant_files', 'public.admin_list_audit',
    'public.admin_list_notes',
    'public.admin_list_users', 'public.admin_set_active', 'public.admin_set_role', 'public.create_organization',
    'public.delete_organization', 'public.ensure_profile', 'public.export_account', 'public.get_my_usage',
    'public.get_shared_chat', 'public.get_user_activity_summary', 'public.get_user_stats', 'public.invite_member',
    'public.issue_bridge_token', 'public.leave_organization', 'public.list_invitations', 'public.list_members',
    'public.log_activity', 'public.organization_usage', 'public.remove_member', 'public.rename_organization',
    'public.request_account_deletion',
    'public.resend_invitation', 'public.revoke_invitation', 'public.set_chat_visibility', 'public.set_member_role',
    'public.set_organization_budget', 'public.transfer_ownership'
  ],
  'users can call only the listed functions'
);
select * from finish();
rollback;
