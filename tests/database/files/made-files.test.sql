begin;
select plan(13);
select tests.create_user('owner');
create temp table made on commit drop as
select tests.create_session('owner') as session_id, tests.profile_id('owner') as profile_id,
  gen_random_uuid() as file_id, gen_random_uuid() as other_id;
select tests.start_turn('owner', (select session_id from made));
create temp table turn on commit drop as select id, assistant_message_id from public.chat_turns;
grant select on made, turn to public;

create function pg_temp.make(file_id uuid, path text, size bigint default 5)
returns public.chat_files
language sql
as $$
  select public.create_made_file((select id from turn), file_id, 'a.png', 'image/png', path, size)
$$;
grant execute on function pg_temp.make(uuid, text, bigint) to public;

select tests.act_as('owner');
select throws_ok(
  $$ select pg_temp.make(file_id, 'p/1') from made $$, '42501', null, 'a client cannot create a file of the assistant'
);

select tests.act_as_service();
select is((select (pg_temp.make(file_id, 'p/1')).status from made), 'pending', 'the row is there before its bytes');
select is(
  (select (pg_temp.make(file_id, 'p/2')).storage_path from made), 'p/1', 'a second process gets the same row'
);
select results_eq(
  $$ select origin, message_id from public.chat_files $$,
  $$ select 'assistant', assistant_message_id from turn $$,
  'the file belongs to the reply'
);
select throws_ok(
  $$ select pg_temp.make(other_id, 'p/3', 52428801) from made $$, 'PT413', 'file_too_large',
  'the plan limits the size'
);

select tests.act_as_postgres();
select is_empty($$ select 1 from public.user_activity where action = 'file_uploaded' $$, 'it is no upload of the user');
update public.plans set max_session_files = 1;
select tests.act_as_service();
select throws_ok(
  $$ select pg_temp.make(other_id, 'p/3') from made $$, 'PT402', 'file_limit_reached', 'the plan limits the number'
);

select public.store_file(file_id, 5, repeat('a', 64)) from made;
select public.fail_file(file_id, '{"code": "provider_error"}') from made;
select results_eq(
  $$ select status, error ->> 'code' from public.chat_files $$, $$ values ('ready', 'provider_error') $$,
  'a stored file stays when OpenAI cannot read it'
);
select tests.act_as_postgres();
select is_empty($$ select 1 from private.remote_deletions where kind = 'object' $$, 'and so does its object');
select is(
  (select private.describe_files(s) from public.chat_sessions s),
  '{"files": [], "stores": []}', 'turns do not use it'
);

select tests.act_as_service();
select public.settle_turn((select id from turn), 'complete', jsonb_build_object(
  'content', '', 'input_tokens', 1, 'output_tokens', 1,
  'parts', jsonb_build_array(jsonb_build_object('type', 'file', 'url', 'parley:file/' || (select file_id from made)))
));
select throws_ok(
  $$ select pg_temp.make(other_id, 'p/3') from made $$, 'PT404', 'file_not_found', 'a turn that has ended makes no file'
);
select tests.act_as_postgres();
select tests.create_message((select session_id from made), 'user', 'Next');
select is(
  (select private.turn_history(m) #> '{1,file_ids}' from public.chat_messages m where m.content = 'Next'),
  (select jsonb_build_array(file_id) from made), 'the history has a reply that is only a file'
);
delete from public.chat_messages m where m.id = (select assistant_message_id from turn);
select is_empty('select 1 from public.chat_files', 'the file is deleted with its reply');
select * from finish();
rollback;
