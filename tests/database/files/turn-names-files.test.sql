begin;
select plan(5);
select tests.create_user('owner'), tests.create_user('other');
create temp table made on commit drop as
select tests.create_session('owner') as session_id, tests.create_session('owner') as other_session_id,
  gen_random_uuid() as ready_id, gen_random_uuid() as indexing_id, gen_random_uuid() as elsewhere_id;
insert into public.chat_files (id, user_id, session_id, file_name, file_type, file_size, sha256, storage_path, status)
select f.id, tests.profile_id('owner'), f.session_id, 'a.txt', 'text/plain', 1, repeat(f.digit, 64), 'files/' || f.id,
  f.status
from made, lateral (values
  (ready_id, session_id, '1', 'ready'), (indexing_id, session_id, '2', 'indexing'),
  (elsewhere_id, other_session_id, '3', 'ready')
) as f (id, session_id, digit, status);
grant select on made to public;

create function pg_temp.send(session_id uuid, file_id uuid)
returns jsonb
language sql
as $$
  select public.start_turn(tests.auth_id('owner'), session_id, 'm-1', 'Hi',
    jsonb_build_array(jsonb_build_object('type', 'file', 'url', 'parley:file/' || file_id)))
$$;
grant execute on function pg_temp.send(uuid, uuid) to public;

select tests.act_as_service();
select throws_ok(
  $$ select pg_temp.send(session_id, elsewhere_id) from made $$, 'PT404', 'file_not_found',
  'a file of another session is not found'
);
select throws_ok(
  $$ select pg_temp.send(session_id, indexing_id) from made $$, 'PT409', 'file_not_ready',
  'a file that is not ready is refused'
);
select is(
  (select subscription_usage from public.profiles where id = tests.profile_id('owner')), 0,
  'a refused turn charges nothing'
);
select lives_ok($$ select pg_temp.send(session_id, ready_id) from made $$, 'a ready file is accepted');

select tests.act_as_postgres();
select results_eq(
  $$ select f.message_id, m.attachments
     from public.chat_messages m join public.chat_files f on f.message_id = m.id where m.client_id = 'm-1' $$,
  $$ select id, jsonb_build_array(jsonb_build_object('type', 'file', 'url', 'parley:file/' || (select ready_id
     from made),
       'mediaType', 'text/plain', 'filename', 'a.txt'))
     from public.chat_messages where client_id = 'm-1' $$,
  'the file is linked to the message, which describes it'
);
select * from finish();
rollback;
