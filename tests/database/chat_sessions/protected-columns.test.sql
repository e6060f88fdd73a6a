begin;
create temp table columns on commit drop as
  select attname as column_name,
    attname in ('id', 'assistant_slug', 'title') as is_insertable,
    attname in ('title', 'archived_at') as is_updatable
  from pg_attribute
  where attrelid = 'public.chat_sessions'::regclass and attnum > 0 and not attisdropped
    and tests.is_parleys_column(attrelid, attname);
grant select on columns to public;
select plan((
  select count(*) filter (where not is_updatable) + count(*) filter (where not is_insertable) from columns
)::integer);
select tests.create_user('owner');
select tests.create_session('owner');

select tests.act_as('owner');
select throws_ok(
  format('update public.chat_sessions set %I = default', column_name), '42501',
  'permission denied for table chat_sessions', format('the owner cannot update %I', column_name)
)
from columns
where not is_updatable;
select throws_ok(
  format('insert into public.chat_sessions (assistant_slug, %I) values (''coach'', default)', column_name), '42501',
  'permission denied for table chat_sessions', format('a new session cannot set %I', column_name)
)
from columns
where not is_insertable;
select * from finish();
rollback;
