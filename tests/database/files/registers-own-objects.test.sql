begin;
select plan(8);
select tests.create_user('owner'), tests.create_user('other');
-- One of the objects below is larger than the plan allows for all files.
update public.plans set max_bytes = null;
create temp table made on commit drop as
select tests.create_session('owner') as session_id, tests.create_session('owner') as other_session_id;
insert into storage.objects (bucket_id, name, metadata)
values
  ('chat-files', tests.profile_id('owner') || '/mine.txt', '{"size": 5}'),
  ('chat-files', tests.profile_id('owner') || '/large.txt', '{"size": 99999999999}'),
  ('chat-files', tests.profile_id('other') || '/theirs.txt', '{"size": 5}');
grant select on made to public;

create function pg_temp.register(session_id uuid, path text)
returns public.chat_files
language sql
as $$
  select public.create_file(
    tests.auth_id('owner'), gen_random_uuid(), 'a.txt', 'text/plain', gen_random_uuid()::text, session_id,
    uploaded_as => path
  )
$$;
grant execute on function pg_temp.register(uuid, text) to public;

select tests.act_as_service();
create temp table registered on commit drop as
select (pg_temp.register(session_id, tests.profile_id('owner') || '/mine.txt')).* from made;
select is(
  (select (pg_temp.register(session_id, tests.profile_id('owner') || '/mine.txt')).id from made),
  (select id from registered), 'an object registered again is the same file'
);

select tests.act_as_postgres();
select public.store_file(id, 5, repeat('a', 64)) from registered;
update storage.objects set name = 'moved' where name = tests.profile_id('owner') || '/mine.txt';
select tests.act_as_service();
select is(
  public.open_upload(tests.auth_id('owner'), session_id, tests.profile_id('owner') || '/mine.txt') #>> '{file,id}',
  (select id::text from registered), 'a registered object is known after it was moved'
) from made;
select throws_ok(
  $$ select pg_temp.register(other_session_id, tests.profile_id('owner') || '/mine.txt') from made $$,
  'PT409', 'object_in_use', 'an object can be a file of one session only'
);

select tests.act_as_postgres();
insert into storage.objects (bucket_id, name, metadata)
values ('chat-files', tests.profile_id('owner') || '/mine.txt', '{"size": 5}');
select tests.act_as_service();
select isnt(
  (select (pg_temp.register(session_id, tests.profile_id('owner') || '/mine.txt')).id from made),
  (select id from registered), 'an object that comes to the name later is another file'
);

select tests.act_as_postgres();
update public.chat_files set storage_path = tests.profile_id('owner') || '/taken.txt' where id = (
  select id from registered
);
select tests.act_as('owner');
select throws_ok(
  $$ insert into storage.objects (bucket_id, name) values ('chat-files', tests.profile_id('owner') || '/taken.txt') $$,
  '42501', null, 'users cannot upload to the name of a file'
);
select tests.act_as_service();
select throws_ok(
  $$ select pg_temp.register(session_id, tests.profile_id('other') || '/theirs.txt') from made $$,
  'PT404', 'object_not_found', 'an object in another folder is not found'
);
select throws_ok(
  $$ select pg_temp.register(session_id, tests.profile_id('owner') || '/none.txt') from made $$,
  'PT404', 'object_not_found', 'a missing object is not found'
);
select throws_ok(
  $$ select pg_temp.register(session_id, tests.profile_id('owner') || '/large.txt') from made $$,
  'PT413', 'file_too_large', 'an object that is too large is refused'
);
select * from finish();
rollback;
