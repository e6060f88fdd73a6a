begin;
select plan(7);
select tests.create_user('target'), tests.create_user('other'), tests.create_user('admin');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');

select tests.act_as('admin');
select public.admin_add_note(tests.profile_id('target'), ' Kind. ');
select public.admin_add_note(tests.profile_id('other'), 'Rude.', true);
select results_eq(
  $$ select note, is_flagged, admin_id from public.admin_list_notes(tests.profile_id('target')) $$,
  $$ values ('Kind.', false, tests.profile_id('admin')) $$, 'the notes of a user are listed'
);
select results_eq(
  $$ select note from public.admin_list_notes(only_flagged => true) $$, $$ values ('Rude.') $$,
  'the flagged notes of all users are listed'
);
select throws_ok(
  $$ select public.admin_add_note(tests.profile_id('target'), ' ') $$, 'PT400', 'invalid_note',
  'an empty note is refused'
);
select throws_ok(
  $$ select public.admin_add_note(tests.profile_id('target'), repeat('x', 5001)) $$, 'PT400', 'invalid_note',
  'a very long note is refused'
);
select throws_ok(
  $$ select public.admin_add_note(gen_random_uuid(), 'x') $$, 'PT404', 'user_not_found',
  'a note about an unknown user is refused'
);
select throws_ok(
  $$ select public.admin_flag_note(gen_random_uuid()) $$, 'PT404', 'note_not_found',
  'flagging an unknown note is refused'
);
select tests.act_as('target');
select throws_ok('select from public.admin_notes', '42501', null, 'a user cannot see notes about them');
select * from finish();
rollback;
