begin;
select plan(30);
create function pg_temp.refusal(definition text, commented boolean default true)
returns text language plpgsql as $$
declare detail text;
begin
  execute 'create function tools.f' || definition;
  if commented then
    execute 'comment on function tools.f is ''Does it.''';
  end if;
  perform private.add_function_tool('coach', 'tools.f');
  raise exception 'accepted';
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  return coalesce(nullif(detail, ''), sqlerrm);
end
$$;
create function pg_temp.body(code text) returns text language sql as $$
  select pg_temp.refusal(format('() returns void language plpgsql set search_path = '''' as $f$ begin %s;
 end $f$', code))
$$;
create temp table sql_tail as select ' language sql set search_path = '''' as $f$ select 1 $f$' as tail;

select is(pg_temp.refusal('() returns integer' || tail), 'accepted', 'a plain function is accepted') from sql_tail;
select matches(pg_temp.refusal('() returns integer security definer' || tail), 'security definer', 'definers')
from sql_tail;
select matches(pg_temp.refusal('(integer) returns integer' || tail), 'without a name',
  'unnamed arguments') from sql_tail;
select matches(pg_temp.refusal('(out a integer)' || tail), 'OUT', 'OUT arguments') from sql_tail;
select matches(pg_temp.refusal('(variadic a integer[]) returns integer' || tail), 'VARIADIC', 'variadic arguments')
from sql_tail;
select matches(pg_temp.refusal('(a anyelement) returns integer' || tail), 'a \(anyelement\) cannot be described',
  'polymorphic')
from sql_tail;
select matches(pg_temp.refusal('(a jsonb) returns integer' || tail), 'a \(jsonb\) cannot be described', 'jsonb')
from sql_tail;
select matches(pg_temp.refusal('() returns record' || tail), 'named columns', 'records') from sql_tail;
select matches(pg_temp.refusal('() returns integer' || tail, false), 'comment', 'no comment') from sql_tail;
select matches(pg_temp.refusal('() returns integer language sql as $f$ select 1 $f$'), 'search_path', 'no search_path');
select matches(
  pg_temp.refusal('() returns integer set timezone = ''UTC''' || tail), 'more than search_path', 'other settings'
) from sql_tail;
select matches(pg_temp.body('perform "set_config"(''role'', ''x'', true)'), 'settings or roles', 'set_config');
select matches(pg_temp.body('set local role postgres'), 'settings or roles', 'set');
select matches(pg_temp.body('if true then set/**/role postgres; end if'), 'settings or roles', 'set after then');
select matches(pg_temp.body('reset role'), 'settings or roles', 'reset');
select matches(pg_temp.body(code), 'settings or roles', code)
from unnest(array['null; discard all', 'loop set role postgres; end loop', 'if true then null; else set role a; end if',
  'grant select on public.plans to anon', 'revoke all on public.plans from anon']) as code;
select matches(private.function_problem('pg_backend_pid'::regproc), 'neither sql nor plpgsql', 'other languages');
select matches(pg_temp.refusal('(inout a integer)' || tail), 'OUT', 'INOUT arguments') from sql_tail;
select matches(pg_temp.body('execute ''select 1'''), 'runs text', 'dynamic SQL');
select is(
  pg_temp.body('update public.profiles set user_name = ''set_config(); execute''; -- execute; set role
 null'), 'accepted',
  'an update, strings and comments are no changes of settings'
);
create function tools.g() returns integer language sql set search_path = '' as 'select 1';
create function tools.g(a integer) returns integer language sql set search_path = '' as 'select 1';
select throws_ok($$ select private.add_function_tool('coach', 'tools.g') $$, 'PT400', 'invalid_tool', 'overloaded');
create procedure tools.p() language sql set search_path = '' as 'select 1';
select matches(private.function_problem('tools.p'::regproc), 'no plain function', 'a procedure');
create function tools.h() returns integer language sql set search_path = '' as 'select 1';
comment on function tools.h is 'Answers.';
select private.add_function_tool('coach', 'tools.h');
select throws_ok($$ select private.add_client_tool('coach', 'h', 'H', '{}') $$, 'PT400', 'invalid_tool',
  'a tool of another kind with this name');
select throws_ok($$ select private.add_function_tool('coach', 'public.f') $$, 'PT400', 'invalid_tool', 'elsewhere');
select throws_ok($$ select private.add_function_tool('nobody', 'tools.g') $$, 'PT400', 'invalid_tool', 'order');
select throws_ok(
  $$ select private.add_client_tool('coach', 'a', 'A', '{}', '{"max_call": 1}') $$, 'PT400', 'invalid_tool',
  'an option with a wrong name is refused'
);
select * from finish();
rollback;
