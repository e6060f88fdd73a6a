begin;
select plan(25);
select tests.create_user('owner');
create sequence public.runs;
grant usage on sequence public.runs to authenticated;
create table public.notes (id integer primary key, body text);
grant select, insert on public.notes to authenticated;
insert into public.notes values (1, 'secret of another user');
create function tools.add_note(kind text) returns text language plpgsql volatile set search_path = '' as $$
begin
  perform nextval('public.runs');
  insert into public.notes values (2, 'side effect');
  case kind
    when 'unique' then insert into public.notes values (1, 'x');
    when 'cast' then perform body::integer from public.notes where id = 1;
    when 'own' then raise exception 'There is no room left.';
    when 'assert' then assert false, 'secret';
    when 'forbidden' then perform from private.tool_targets;
    when 'slow' then perform pg_sleep(5);
    when 'claims' then perform public.change_claims();
    when 'deadlock' then raise deadlock_detected;
    when 'serialization' then raise serialization_failure;
    when 'refusal' then raise sqlstate 'PT409' using message = 'This note is taken.';
    when 'ends' then perform public.end_calls();
    else null;
  end case;
  return 'done';
end $$;
comment on function tools.add_note is 'Adds a note.';
create function public.change_claims() returns void language sql as
$$ select set_config('request.jwt.claims', '{"sub": "00000000-0000-0000-0000-000000000000"}', true) $$;
grant execute on function public.change_claims() to authenticated;
create function public.end_calls() returns void language sql security definer as
$$ update public.tool_calls set status = 'failed', error = 'Ended.', finished_at = now() where status = 'pending' $$;
grant execute on function public.end_calls() to authenticated;
select private.add_function_tool('coach', 'tools.add_note', '{"max_calls": 50}');

create function pg_temp.run(kind text) returns text language sql as $$
  select coalesce(c.error, c.output #>> '{}')
  from tests.run_tool('owner', 'add_note', jsonb_build_object('kind', kind)) c
$$;
select is(pg_temp.run('unique'), 'The values break a rule of the data. Nothing was changed.', 'constraints');
select is(pg_temp.run('cast'), 'An argument has a value that the tool cannot use. Check formats and ranges.',
  'rows are not quoted');
select is(pg_temp.run('own'), 'There is no room left.', 'the tool''s own exception is passed on');
select is(pg_temp.run('assert'), 'The tool failed. Nothing was changed.', 'a failed assertion');
select is(pg_temp.run('refusal'), 'This note is taken.', 'and so is its refusal');
select is(pg_temp.run('ends'), 'The turn has ended.', 'a call that has ended meanwhile');
select is(pg_temp.run('forbidden'), 'The user may not do this.', 'missing rights');
select is(pg_temp.run('claims'), 'The tool failed. Nothing was changed.', 'changed claims');
select is(coalesce(current_setting('request.jwt.claims', true), ''), '', 'the claims are restored after errors');
select is((select count(*) from public.notes), 1::bigint, 'side effects are rolled back');

create temp table again on commit drop as
select wanted, (tests.call_tool('owner', 'add_note', jsonb_build_object('kind', wanted))).id
from unnest(array['deadlock', 'serialization']) as wanted;
select throws_ok(format('select public.run_function_tool(%L)', id), code, null, wanted || ' is raised')
from again join (values ('deadlock', '40P01'), ('serialization', '40001')) as t (name, code) on name = wanted;
select is((select status from public.tool_calls c where c.id = again.id), 'pending', wanted || ': it can run again')
from again;
select is(coalesce(current_setting('request.jwt.claims', true), ''), '', 'the claims are restored after them, too');

select setval('public.runs', 1);
create temp table call on commit drop as select (tests.call_tool('owner', 'add_note', '{"kind": ""}')).id;
select is((public.run_function_tool(id)).status, 'complete', 'a call runs') from call;
delete from public.notes where id = 2;
select is((public.run_function_tool(id)).output, '"done"'::jsonb, 'running it again returns its output') from call;
select is((select count(*) from public.notes), 1::bigint, 'and does nothing');
select is((select last_value from public.runs), 2::bigint, 'not even what no rollback undoes');

alter function tools.add_note security definer;
select matches(pg_temp.run('x'), '^This tool was changed', 'a tool that became a definer is out of use');
alter function tools.add_note security invoker;
create or replace function tools.add_note(kind text) returns text language plpgsql set search_path = ''
as $$ begin perform set_config('a.b', 'c', true); return 'x'; end $$;
select matches(pg_temp.run('x'), '^This tool was changed', 'so is one whose body now changes settings');
create or replace function tools.add_note(kind text default 'x') returns text language sql set search_path = ''
as $$ select kind $$;
select matches(pg_temp.run('x'), '^This tool was changed', 'and one with other arguments');
create temp table old on commit drop as select (tests.call_tool('owner', 'add_note', '{"kind": "x"}')).id;
drop function tools.add_note;
create function tools.add_note(kind integer) returns integer language sql set search_path = '' as $$ select kind $$;
comment on function tools.add_note is 'Adds a note.';
select private.add_function_tool('coach', 'tools.add_note', '{"max_calls": 50}');
select is((public.run_function_tool(id)).error, '"kind" must be of type integer.',
  'a call is checked against the arguments that the tool has now') from old;
drop function tools.add_note;
select is((tests.run_tool('owner', 'add_note', '{"kind": 1}')).error, 'This tool does not exist any more.',
  'a dropped function is told');
select is((select proconfig from pg_proc where oid = 'public.run_function_tool(uuid)'::regprocedure),
  array['search_path=""', 'statement_timeout=10s'], 'the RPC has the limit that PostgREST applies');
select * from finish();
rollback;
