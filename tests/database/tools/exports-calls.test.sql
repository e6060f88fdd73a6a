begin;
select plan(2);
select tests.create_user('owner'), tests.create_user('stranger');
select private.add_client_tool('coach', 'ask', 'Asks.', '{"type": "object"}');
select tests.call_tool('owner', 'ask', '{"what": "mine"}'), tests.call_tool('stranger', 'ask', '{"what": "theirs"}');
create function pg_temp.exported() returns jsonb language sql as $$
  select jsonb_path_query_array(public.export_account('tool_calls')::jsonb, '$.rows[*].arguments.what')
$$;
grant execute on function pg_temp.exported() to public;
select tests.act_as('owner');
select is(pg_temp.exported(), '["mine"]', 'an export has the calls of tools');
select tests.act_as('stranger');
select is(pg_temp.exported(), '["theirs"]', 'of its user alone');
select * from finish();
rollback;
