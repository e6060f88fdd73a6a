begin;
select plan(4);
select is(
  private.usage_cost('gpt-5.4-mini', 1000000, 400000, 100000), 0.6 * 0.75 + 0.4 * 0.075 + 0.1 * 4.5,
  'cached input has its own price'
);
select is(
  private.usage_cost('gpt-5.4-mini-2026-03-17', 1000000, 0, 0), 0.75,
  'a dated model has the price of its family, not of a shorter name'
);
select is(private.usage_cost('gpt-5.4', 1000000, 0, 0), 2.5, 'a model does not get the price of a longer name');
select is(private.usage_cost('unheard-of', 1000000, 0, 1000000), 0::numeric, 'a model without a price costs nothing');
select * from finish();
rollback;
