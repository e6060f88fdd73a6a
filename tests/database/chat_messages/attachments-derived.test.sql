begin;
select plan(3);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
insert into public.chat_messages (session_id, user_id, sender, parts)
select session_id, tests.profile_id('owner'), 'user',
  '[{"type": "text", "text": "See"}, {"type": "file", "url": "a.pdf"}, {"type": "file", "url": "b.pdf"}]'
from made;
select tests.create_message(session_id) from made;

select row_eq(
  'select attachments, has_files from public.chat_messages where seq = 1',
  row('[{"type": "file", "url": "a.pdf"}, {"type": "file", "url": "b.pdf"}]'::jsonb, true),
  'attachments hold the file parts'
);
select row_eq(
  'select attachments, has_files from public.chat_messages where seq = 2', row('[]'::jsonb, false),
  'a message without file parts has none'
);
select throws_ok(
  $$ update public.chat_messages set parts = '{}' $$, '23514', null, 'parts must be an array'
);
select * from finish();
rollback;
