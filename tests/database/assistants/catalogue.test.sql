begin;
select plan(2);
select is_empty(
  $$ select slug from public.assistants except select slug from private.assistant_instructions $$,
  'every assistant of the catalogue has instructions'
);
select tests.create_user('ada');

select tests.act_as('ada');
select set_has(
  'select slug from public.assistants', $$ values ('coach'), ('carousel'), ('storyteller') $$,
  'users read the catalogue'
);
select * from finish();
rollback;
