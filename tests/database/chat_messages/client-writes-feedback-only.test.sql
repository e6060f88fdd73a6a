begin;
create temp table protected on commit drop as
  select attname as column_name
  from pg_attribute
  where attrelid = 'public.chat_messages'::regclass and attnum > 0 and not attisdropped and attname <> 'feedback'
    and tests.is_parleys_column(attrelid, attname);
grant select on protected to public;
select plan((select 4 + count(*)::integer from protected));
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;
select tests.create_message(session_id, 'assistant') from made;

select tests.act_as('owner');
select throws_ok(
  $$ insert into public.chat_messages (session_id, user_id, sender)
     select session_id, tests.profile_id('owner'), 'assistant' from made $$,
  '42501', 'permission denied for table chat_messages', 'the owner cannot insert messages'
);
select throws_ok(
  'delete from public.chat_messages', '42501', 'permission denied for table chat_messages',
  'the owner cannot delete messages'
);
select isnt_empty('update public.chat_messages set feedback = 1 returning 1', 'the owner can give feedback');
select throws_ok(
  'update public.chat_messages set feedback = 2', '23514', null, 'feedback must be -1 or 1'
);
select throws_ok(
  format('update public.chat_messages set %I = default', column_name), '42501',
  'permission denied for table chat_messages', format('the owner cannot update %I', column_name)
)
from protected;
select * from finish();
rollback;
