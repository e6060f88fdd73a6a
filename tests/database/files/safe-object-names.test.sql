-- The policy and the registration refuse names that URL parsers would change.
begin;
select plan(7);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

create temp table hostile on commit drop as
select tests.profile_id('owner') || rest as name
from unnest(array[
  '/../x.txt', '/..', '/a/../../x.txt', '/./x.txt', '/.', '//x.txt', '/a//x.txt', '/', '/a/', '/a/.. ',
  '/ ../x.txt', '/ /x.txt', '/a?b.txt', '/a#b.txt', '/a%2fb.txt', '/%2e%2e/x.txt',
  '/a\b.txt', '/..\x.txt', E'/.\t./x.txt', E'/a\nb.txt',
  '/..;/x.txt', '/..;a=b/x.txt', '/．．/x.txt', '/‥/x.txt', '/a／..／x.txt',
  '/a？b.txt', U&'/a\0085b.txt', U&'/a\007Fb.txt'
]) as rest;
grant select on hostile to public;

select is_empty(
  'select name from hostile where private.is_safe_object_name(name) is not false',
  'names that URL parsers change are found'
);
select is_empty(
  $$ select name
     from unnest(array[
       'a', 'a/b.txt', 'a/b c.txt', 'a/..b', 'a/b..', 'a/...', '.a/b', 'a/Grüße.txt', 'a/日本語.txt', 'a/x;y',
       'a/x&y=z;(1),+@!$''*:.txt'
     ]) as name
     where private.is_safe_object_name(name) is not true $$,
  'all other names are safe'
);
select results_eq(
  $$ select private.is_safe_object_name(name)
     from (values (1, ''), (2, '/'), (3, '..'), (4, '/a')) as v (n, name)
     order by n $$,
  $$ values (false), (false), (false), (false) $$, 'a name without a first or last segment is not safe'
);

create function pg_temp.refusals(statement text)
returns setof text
language plpgsql
as $$
declare
  hostile_name text;
begin
  for hostile_name in select h.name from hostile h loop
    begin
      execute statement using hostile_name, (select session_id from made), tests.auth_id('owner');
      return next 'taken: ' || hostile_name;
    exception when others then
      return next sqlstate;
    end;
  end loop;
end
$$;
grant execute on function pg_temp.refusals(text) to public;

select tests.act_as('owner');
select set_eq(
  $$ select pg_temp.refusals('insert into storage.objects (bucket_id, name) values (''chat-files'', $1)') $$,
  array['42501'], 'a user cannot create an object with an unsafe name'
);

select tests.act_as_postgres();
insert into storage.objects (bucket_id, name, metadata) select 'chat-files', name, '{"size": 5}' from hostile;
select tests.act_as_service();
select set_eq(
  $$ select pg_temp.refusals('select public.open_upload($3, $2, $1)') $$, array['PT404'],
  'an existing object with an unsafe name is refused before anything reads it'
);
select set_eq(
  $$ select pg_temp.refusals(
       'select public.create_file($3, gen_random_uuid(), ''a'', ''text/plain'', $1, $2, is_stored => true)'
     ) $$,
  array['PT404'], 'the refused object has no file row'
);

select tests.act_as_postgres();
insert into storage.objects (bucket_id, name, metadata)
values ('chat-files', tests.profile_id('owner') || '/mine.txt', '{"size": 5}');
select tests.act_as_service();
select is(
  public.open_upload(tests.auth_id('owner'), gen_random_uuid(), tests.profile_id('owner') || '/mine.txt'),
  public.open_upload(tests.auth_id('owner')), 'an own object with a safe name can be registered'
);
select * from finish();
rollback;
