begin;
select plan(8);
select is(
  private.usage_cost('gpt-5.4-mini', 1000000, 400000, 100000), 0.6 * 0.75 + 0.4 * 0.075 + 0.1 * 4.5,
  'cached input has its own price'
);
select is(
  private.usage_cost('gpt-6-luna', 100000, 20000, 10000, 30000),
  0.05 * 0.10 + 0.02 * 0.01 + 0.03 * 0.125 + 0.01 * 0.50,
  'input that is written to the cache has its own price'
);
select is(
  private.usage_cost('gpt-5.4-mini', 100000, 0, 0, 100000), 0.075,
  'without such a price, it costs as much as other input'
);
select is(private.usage_cost('gpt-6-luna', 272000, 0, 0), 0.272 * 0.10, 'a long request begins after the limit');
select is(
  private.usage_cost('gpt-6-luna', 300000, 100000, 10000), (0.2 * 0.10 + 0.1 * 0.01) * 2 + 0.01 * 0.50 * 1.5,
  'all tokens of a long request cost more'
);
select is(
  private.usage_cost('gpt-5.4-mini-2026-03-17', 1000000, 0, 0), 0.75,
  'a dated model has the price of its family, not of a shorter name'
);
select is(private.usage_cost('gpt-5.4', 100000, 0, 0), 0.25, 'a model does not get the price of a longer name');
select is(private.usage_cost('unheard-of', 1000000, 0, 1000000), 0::numeric, 'a model without a price costs nothing');
select * from finish();
rollback;
