begin;
select plan(12);
create function pg_temp.use(model text, temperature numeric, effort text)
returns void
language sql
as $$
  update public.assistants a
  set model = use.model, temperature = use.temperature, reasoning_effort = use.effort
  where a.slug = 'coach'
$$;
grant execute on function pg_temp.use(text, numeric, text) to public;
insert into public.models (model, efforts, accepts_temperature)
values ('plain', '{}', true), ('fixed', '{}', false), ('foggy', null, null);

select tests.act_as_service();
select throws_ok(
  $$ select pg_temp.use('gpt-5.4-mini', null, 'minimal') $$, 'PT400', 'assistant_setting_unsupported',
  'an effort that the model does not take is refused'
);
select throws_ok(
  $$ select pg_temp.use('gpt-5.4-mini-2026-03-17', null, 'max') $$, 'PT400', 'assistant_setting_unsupported',
  'also for a dated name'
);
select throws_ok(
  $$ select pg_temp.use('plain', null, 'low') $$, 'PT400', 'assistant_setting_unsupported',
  'a model that does not reason takes no effort'
);
select throws_ok(
  $$ select pg_temp.use('fixed', 0.5, null) $$, 'PT400', 'assistant_setting_unsupported',
  'a temperature is refused if the model takes none'
);
select throws_ok(
  $$ select pg_temp.use('gpt-5.4', 0.5, 'low') $$, 'PT400', 'assistant_setting_unsupported',
  'a temperature is refused if the model reasons'
);
select throws_ok(
  $$ select pg_temp.use('gpt-5.5', 0.5, null) $$, 'PT400', 'assistant_setting_unsupported',
  'a temperature is refused if the model reasons by default'
);
select throws_ok(
  $$ insert into public.assistants (slug, name, description, model, reasoning_effort)
     values ('new', 'New', 'New.', 'gpt-5.4', 'minimal') $$,
  'PT400', 'assistant_setting_unsupported', 'a new assistant is checked, too'
);
select lives_ok($$ select pg_temp.use('gpt-5.4', 0.5, null) $$, 'a temperature is taken without reasoning');
select lives_ok($$ select pg_temp.use('gpt-5.5', null, 'xhigh') $$, 'an effort of the model is taken');
select lives_ok($$ select pg_temp.use('plain', 0.5, null) $$, 'a model that does not reason takes a temperature');
select lives_ok($$ select pg_temp.use('foggy', 0.5, 'max') $$, 'what is not known about a model refuses nothing');
select lives_ok($$ select pg_temp.use('unheard-of', 0.5, 'max') $$, 'an unknown model is allowed every setting');
select * from finish();
rollback;
