begin;
select plan(6);
select tests.create_user('owner');
create temp table made on commit drop as select tests.profile_id('owner') as profile_id;
grant select on made to public;

select tests.act_as_service();
select is(
  private.tool_cost('{"web_search": 2, "file_search": 4, "code_interpreter": 1, "image_generation": 1}'),
  2 * 0.01 + 4 * 0.0025 + 0.03 + 0.167, 'each use of a tool has its price'
);
select is(private.tool_cost('{"mcp": 3}'), 0::numeric, 'a tool without a price costs nothing');

select private.book_usage(profile_id, 'chat', 'gpt-5.4-mini', 1000000, 0, 0, '{"web_search": 2, "image_generation": 1}')
from made;
select private.book_usage(
  profile_id, 'chat', 'gpt-5.4-mini', 0, 0, 0, '{"web_search": 1, "file_search": 3, "code_interpreter": 1, "mcp": 9}'
) from made;
select row_eq(
  'select request_count, web_searches, file_searches, code_runs, images, total_cost from public.usage_metrics',
  row(2, 3, 3, 1, 1, 0.75 + 3 * 0.01 + 3 * 0.0025 + 0.03 + 0.167),
  'uses of tools are counted, and their price is part of the cost'
);
select private.book_usage(profile_id, 'title', 'gpt-5.4-mini', 10, 0, 2) from made;
select is(
  (select web_searches + file_searches + code_runs + images from public.usage_metrics where feature_type = 'title'), 0,
  'a request without tools counts none'
);

select tests.act_as_postgres();
delete from public.usage_metrics;
select tests.start_turn('owner', tests.create_session('owner'));
select tests.act_as_service();
select public.settle_turn(
  id, 'complete', '{"content": "Hi", "output_tokens": 0, "tools": {"file_search": 2, "image_generation": 1}}'
) from public.chat_turns;
select row_eq(
  'select file_searches, images, total_cost from public.usage_metrics', row(2, 1, 0.172::numeric(12, 6)),
  'a turn books the tools that its reply counts'
);
select public.book_lost_turn(tests.start_lost_turn('owner'), 'gpt-5.4-nano', 0, 0, 0, '{"web_search": 1}');
select is(
  (select web_searches from public.usage_metrics where model = 'gpt-5.4-nano'), 1,
  'and so does a turn whose chat was deleted'
);
select * from finish();
rollback;
