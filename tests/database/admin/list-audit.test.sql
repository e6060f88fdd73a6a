begin;
select plan(5);
select tests.create_user('target'), tests.create_user('admin');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');
insert into public.audit_logs (admin_id, user_id, action, created_at)
select tests.profile_id('admin'), case when n % 2 = 0 then tests.profile_id('target') end, 'deed_' || n,
  now() - n * interval '1 minute'
from generate_series(1, 25) n;

create function pg_temp.actions(page jsonb)
returns text[]
language sql
as $$
  select coalesce(array_agg(e.value ->> 'action' order by e.position), '{}')
  from jsonb_array_elements(page -> 'entries') with ordinality as e (value, position)
$$;
grant execute on function pg_temp.actions(jsonb) to public;

select tests.act_as('admin');
select is(
  public.admin_list_audit(page => 3, page_size => 10) - 'entries',
  '{"total": 25, "total_pages": 3, "current_page": 3, "page_size": 10}', 'a page has the total'
);
select is(
  pg_temp.actions(public.admin_list_audit(page_size => 3)), array['admin_list_audit', 'deed_1', 'deed_2'],
  'entries are listed newest first; reading the log is audited, too'
);
select is(
  pg_temp.actions(public.admin_list_audit(user_id => tests.profile_id('target'), page_size => 2)),
  array['deed_2', 'deed_4'], 'the log can be filtered by user'
);
select is(
  pg_temp.actions(public.admin_list_audit(admin_id => tests.profile_id('admin'), action => 'deed_7')), array['deed_7'],
  'the log can be filtered by admin and by action'
);
select is(pg_temp.actions(public.admin_list_audit(page => 2147483647)), '{}', 'a page beyond the end is empty');
select * from finish();
rollback;
