begin;
select plan(3);
select throws_ok(
  $$ select private.refuse(404, 'thing_not_found', ' ') $$, 'P0001', 'The refusal thing_not_found has no hint.',
  'a refusal without a sentence raises an internal error'
);
select throws_ok(
  $$ select private.refuse(404, 'thing_not_found', null) $$, 'P0001', 'The refusal thing_not_found has no hint.',
  'a refusal with a null sentence raises an internal error'
);
select throws_ok(
  $$ select private.refuse(404, 'thing_not_found', 'There is no such thing. Choose another.') $$,
  'PT404', 'thing_not_found', 'a refusal has its code and its sentence'
);
select * from finish();
rollback;
