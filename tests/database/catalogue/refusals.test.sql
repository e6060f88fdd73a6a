begin;
select plan(3);
select throws_ok(
  $$ select private.refuse(404, 'thing_not_found', ' ') $$, 'P0001', 'The refusal thing_not_found has no hint.',
  'a refusal without a sentence is a fault of ours'
);
select throws_ok(
  $$ select private.refuse(404, 'thing_not_found', null) $$, 'P0001', 'The refusal thing_not_found has no hint.',
  'null is no sentence either'
);
select throws_ok(
  $$ select private.refuse(404, 'thing_not_found', 'There is no such thing. Choose another.') $$,
  'PT404', 'thing_not_found', 'a sentence goes with the code'
);
select * from finish();
rollback;
