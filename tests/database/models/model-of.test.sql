begin;
select plan(5);
select tests.act_as_service();
select is((private.model_of('gpt-5.4')).model, 'gpt-5.4', 'a model is found by its name');
select is(
  (private.model_of('gpt-5.4-mini-2026-03-17')).model, 'gpt-5.4-mini',
  'a dated name finds the longest name that it starts with'
);
select is((private.model_of('gpt-5.5-pro-2026-04-24')).output_price, 180::numeric, 'a variant has its own price');
select is((private.model_of('unheard-of')).model, null, 'an unknown model has no facts');
select is((private.model_of(null)).context_window, null, 'and neither has no model');
select * from finish();
rollback;
