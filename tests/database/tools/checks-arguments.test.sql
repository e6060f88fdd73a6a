begin;
select plan(18);
select tests.create_user('owner');
update private.turn_policy set max_tool_calls = 50;
create function tools.echo("a ""b"", c" integer, words text[] default '{x}', "__proto__" text default 'none')
returns text language sql stable set search_path = '' as $$ select concat_ws('|', $1, $2::text, $3) $$;
comment on function tools.echo is 'Echoes.';
create function tools.no_arguments() returns integer language sql set search_path = '' as 'select 1';
comment on function tools.no_arguments is 'Takes nothing.';
create function tools.nothing() returns void language sql set search_path = '' as 'select 1';
comment on function tools.nothing is 'Returns nothing.';
create function tools.named(r text, a text, x text, "the result" text) returns text language sql set search_path = ''
as $$ select concat_ws('|', $1, $2, $3, $4) $$;
comment on function tools.named is 'Has arguments with names of the call''s own.';
create function tools.listed(r text, a text) returns table (x text, fn text) language sql set search_path = ''
as $$ select $1, $2 $$;
comment on function tools.listed is 'Has columns with names of the call''s own.';
create function tools.columns() returns table (r integer, a integer) language sql set search_path = ''
as $$ select 1, 2 $$;
comment on function tools.columns is 'Returns columns with names of the call''s own.';
select private.add_function_tool('coach', 'tools.' || f, '{"max_calls": 50}')
from unnest(array['echo', 'no_arguments', 'nothing', 'named', 'listed', 'columns']) as f;
create function pg_temp.run(arguments jsonb) returns text language sql as $$
  select coalesce(c.error, c.output #>> '{}') from tests.run_tool('owner', 'echo', arguments) c
$$;
create function pg_temp.args(value jsonb, rest jsonb default '{"words": null, "__proto__": null}') returns jsonb
language sql as $$ select jsonb_build_object('a "b", c', value) || rest $$;

select is(pg_temp.run(pg_temp.args('1')), '1|{x}|none', 'null takes the default, and names may have quotes');
select is(pg_temp.run(pg_temp.args('1', '{"words": ["y", "''; drop table x"], "__proto__": "p"}')),
  '1|{y,"''; drop table x"}|p', 'values are data, and so is __proto__');
select is(pg_temp.run(pg_temp.args('1.0')), '"a \"b\", c" must be of type integer.', '1.0 is no integer');
select is(pg_temp.run(pg_temp.args('1.5')), '"a \"b\", c" must be of type integer.', 'nor is 1.5');
select is(pg_temp.run(pg_temp.args('"1"')), '"a \"b\", c" must be of type integer.', 'nor is a text');
select is(pg_temp.run(pg_temp.args('null')), '"a \"b\", c" must be of type integer.', 'nor is null');
select is(pg_temp.run(pg_temp.args('99999999999')),
  'An argument has a value that the tool cannot use. Check formats and ranges.', 'too large');
select is(pg_temp.run('{"words": null, "__proto__": null}'), 'The arguments lack "a \"b\", c".', 'missing');
select is(pg_temp.run(pg_temp.args('1', '{"words": [1], "__proto__": null}')), '"words"[0] must be of type string.',
  'items');
select is(pg_temp.run(pg_temp.args('1') || '{"constructor": 1}'), 'The arguments have no field "constructor".',
  'unknown keys');
select is(pg_temp.run('[]'), 'The arguments must be of type object.', 'no object');
select is((tests.run_tool('owner', 'no_arguments', '{"__proto__": {}}')).error,
  'The arguments have no field "__proto__".', 'prototype keys');
select is((tests.run_tool('owner', 'no_arguments')).output, '1'::jsonb, 'no arguments');
select is((tests.run_tool('owner', 'nothing')).output, '{"done": true}'::jsonb, 'no result');
select is((tests.run_tool('owner', 'named', '{"r": "1", "a": "2", "x": "3", "the result": "4"}')).output, '"1|2|3|4"',
  'an argument may have any name');
select is((tests.run_tool('owner', 'listed', '{"r": "1", "a": "2"}')).output, '[{"x": "1", "fn": "2"}]',
  'also of a function that returns rows');
select is((tests.run_tool('owner', 'columns')).output, '[{"r": 1, "a": 2}]', 'so may a column of the result');
select tests.store_step(id, '[{"call_id": "bad", "name": "echo", "arguments": "{\"a"}]') from public.chat_turns;
select results_eq(
  $$ select status, arguments, error from public.tool_calls where call_id = 'bad' $$,
  $$ values ('failed', null::jsonb, 'The arguments are not valid JSON.') $$, 'invalid JSON'
);
select * from finish();
rollback;
