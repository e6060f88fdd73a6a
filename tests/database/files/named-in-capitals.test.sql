-- The id of a file is a uuid, which clients may write in capitals.
begin;
select plan(3);
select tests.create_user('owner');
create temp table made on commit drop as
select tests.create_session('owner') as session_id, gen_random_uuid() as file_id;
select tests.start_turn('owner', (select session_id from made));
create temp table turn on commit drop as select id, assistant_message_id from public.chat_turns;
grant select on made, turn to public;

select tests.act_as_service();
select public.create_made_file((select id from turn), file_id, 'a.png', 'image/png', 'p/1', 5) from made;
select public.store_file(file_id, 5, repeat('a', 64)) from made;
select public.settle_turn((select id from turn), 'complete', jsonb_build_object(
  'content', '', 'input_tokens', 1, 'output_tokens', 1,
  'parts', jsonb_build_array(jsonb_build_object('type', 'file', 'url', 'parley:file/' || (select file_id from made)))
));

select tests.act_as_postgres();
select tests.create_message((select session_id from made), 'user', 'Next');
update public.chat_messages m
set parts = jsonb_build_array(jsonb_build_object('type', 'file', 'url', 'parley:file/' || upper(file_id::text)))
from made
where m.content = 'Next';
select is(
  (select private.part_file_ids(parts) from public.chat_messages where content = 'Next'),
  (select array[file_id] from made), 'the message names the file'
);
delete from public.chat_messages m where m.id = (select assistant_message_id from turn);
select isnt_empty('select from public.chat_files', 'a file that another message names stays');
delete from public.chat_messages m where m.content = 'Next';
select isnt_empty('select from public.chat_files', 'a message of the user deletes no file');
select * from finish();
rollback;
