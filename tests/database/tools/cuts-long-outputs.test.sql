begin;
select plan(7);
select tests.create_user('owner');
create function tools.much(amount integer, ch text) returns setof text language sql stable set search_path = ''
as $$ select repeat(ch, 100) from generate_series(1, amount) $$;
create function tools.long(size integer, ch text) returns text language sql stable set search_path = ''
as $$ select repeat(ch, size) $$;
comment on function tools.much is 'Returns much.';
comment on function tools.long is 'Returns a long text.';
select private.add_function_tool('coach', 'tools.much'), private.add_function_tool('coach', 'tools.long');

create temp table cut on commit drop as
select (tests.run_tool('owner', 'much', '{"amount": 900, "ch": "a"}')).output as much,
  (tests.run_tool('owner', 'long', '{"size": 70000, "ch": "a"}')).output as long,
  (tests.run_tool('owner', 'long', '{"size": 70000, "ch": "\""}')).output as quotes,
  (tests.run_tool('owner', 'long', '{"size": 65534, "ch": "a"}')).output as fits,
  (tests.run_tool('owner', 'much', '{"amount": 1, "ch": "a"}')).output as one;
select ok(octet_length(much::text) between 60000 and 65536, 'a long list is cut to 64 KB') from cut;
select matches(much ->> 'note', '^The output was too long. These are the first \d+ of 900 items.$',
  'with a note') from cut;
select ok(octet_length(long::text) between 55000 and 65536, 'a long text, too') from cut;
select ok(octet_length(quotes::text) between 30000 and 65536, 'also if it grows as JSON') from cut;
select is(octet_length(fits::text), 65536, '64 KB are not cut') from cut;
select is(one, jsonb_build_array(repeat('a', 100)), 'a short list stays a list') from cut;
select is(jsonb_array_length((tests.run_tool('owner', 'much', '{"amount": 5000, "ch": ""}')).output), 1000,
  'at most 1000 rows are returned');
select * from finish();
rollback;
