begin;
select plan(6);
select tests.create_user('ada');

select tests.act_as_anon();
select throws_ok(
  'select instructions from private.assistant_instructions', '42501',
  'permission denied for table assistant_instructions', 'anon cannot read instructions'
);
select throws_ok(
  'select * from private.tool_targets', '42501',
  'permission denied for table tool_targets', 'anon cannot read tools'
);
select tests.act_as('ada');
select throws_ok(
  'select instructions from private.assistant_instructions', '42501',
  'permission denied for table assistant_instructions', 'a user cannot read instructions'
);
select throws_ok(
  'select * from private.tool_targets', '42501',
  'permission denied for table tool_targets', 'a user cannot read tools'
);
select tests.act_as_service();
select throws_ok(
  'select instructions from private.assistant_instructions', '42501',
  'permission denied for table assistant_instructions', 'the service role cannot read instructions'
);
select throws_ok(
  'select * from private.tool_targets', '42501',
  'permission denied for table tool_targets', 'the service role cannot read tools'
);
select * from finish();
rollback;
