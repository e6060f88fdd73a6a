begin;
select plan(7);
select tests.create_user('owner'), tests.create_user('other');
insert into storage.objects (bucket_id, name)
values ('chat-files', tests.profile_id('owner') || '/mine.txt'),
  ('chat-files', tests.profile_id('other') || '/theirs.txt');

create function pg_temp.put(path text)
returns void
language sql
as $$
  insert into storage.objects (bucket_id, name) values ('chat-files', path)
$$;
grant execute on function pg_temp.put(text) to public;

select tests.act_as('owner');
select results_eq(
  'select name from storage.objects', $$ select tests.profile_id('owner') || '/mine.txt' $$,
  'a user sees only the own folder'
);
select lives_ok(
  $$ select pg_temp.put(tests.profile_id('owner') || '/new.txt') $$, 'a user can create objects in the own folder'
);
select throws_ok(
  $$ select pg_temp.put(tests.profile_id('other') || '/new.txt') $$, '42501', null,
  'a user cannot create objects in another folder'
);
select is_empty(
  $$ update storage.objects set name = 'x' returning 1 $$, 'a user cannot update objects of another folder'
);
select throws_ok('delete from storage.objects', '42501', null, 'nobody deletes objects by SQL');
select set_config('storage.allow_delete_query', 'true', true);
select is_empty($$ delete from storage.objects returning 1 $$, 'a user cannot delete objects of another folder');

select tests.act_as_postgres();
update public.profiles set role = 'banned' where id = tests.profile_id('owner');
select tests.act_as('owner');
select throws_ok(
  $$ select pg_temp.put(tests.profile_id('owner') || '/late.txt') $$, '42501', null,
  'a banned user cannot create objects'
);
select * from finish();
rollback;
