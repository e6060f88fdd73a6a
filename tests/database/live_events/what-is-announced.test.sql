begin;
select plan(7);
select tests.create_user('owner');
delete from realtime.messages;

select tests.act_as('owner');
insert into public.chat_sessions (id, assistant_slug) values ('00000000-0000-4000-8000-000000000001', 'coach');
update public.chat_sessions set title = 'Secret plans' where id = '00000000-0000-4000-8000-000000000001';
update public.chat_sessions set archived_at = now() where id = '00000000-0000-4000-8000-000000000001';

select tests.act_as_postgres();
insert into public.chat_messages (session_id, user_id, sender, content, status)
select s.id, s.user_id, made.sender, 'Secret words', made.status
from public.chat_sessions s, (values (1, 'user', 'complete'), (2, 'assistant', 'streaming')) as made (n, sender, status)
where s.user_id = tests.profile_id('owner')
order by made.n;
update public.chat_messages set content = 'Secret words, and more' where sender = 'assistant';
update public.chat_messages set status = 'complete' where sender = 'assistant';
insert into public.chat_files (user_id, session_id, file_name, file_type, storage_path)
select s.user_id, s.id, 'Secret.pdf', 'application/pdf', 'somewhere/else'
from public.chat_sessions s where s.user_id = tests.profile_id('owner');
update public.chat_files set retry_at = now() where file_name = 'Secret.pdf';
update public.chat_files set status = 'failed' where file_name = 'Secret.pdf';
update public.profiles set subscription_usage = 1 where id = tests.profile_id('owner');
update public.profiles set user_name = 'Somebody Secret' where id = tests.profile_id('owner');
delete from public.chat_sessions where user_id = tests.profile_id('owner');

select bag_eq(
  $$ select event || coalesce(' ' || (payload ->> 'status'), '') from realtime.messages $$,
  array['chat_created', 'title_changed', 'message_created complete', 'message_created streaming',
    'reply_settled complete', 'file_changed pending', 'file_changed failed', 'usage_changed', 'chat_deleted'],
  'each change is announced once, and progress is not'
);
select results_eq(
  $$ select distinct topic, extension, private from realtime.messages $$,
  $$ values ('user:' || tests.profile_id('owner'), 'broadcast', true) $$,
  'all events go to the private channel of the owner'
);
select bag_eq(
  $$ select distinct key from realtime.messages, jsonb_object_keys(payload) key $$,
  array['id', 'session_id', 'message_id', 'file_id', 'title_origin', 'sender', 'status', 'origin'],
  'payloads have ids, kinds and states'
);
select is_empty($$ select payload from realtime.messages where payload::text ~ '[Ss]ecret' $$, 'and no text');
select is(
  (select payload ->> 'session_id' from realtime.messages where event = 'title_changed'),
  '00000000-0000-4000-8000-000000000001', 'an event names its chat'
);
select is((select payload - 'id' from realtime.messages where event = 'usage_changed'), '{}', 'usage names no numbers');

insert into public.chat_sessions (user_id, assistant_slug) values (tests.profile_id('owner'), 'coach');
update public.profiles set is_deleted = true, deleted_at = now() where id = tests.profile_id('owner');
delete from realtime.messages;
delete from public.chat_sessions where user_id = tests.profile_id('owner');
select is_empty('select from realtime.messages', 'nothing is sent for a deleted account');
select * from finish();
rollback;
