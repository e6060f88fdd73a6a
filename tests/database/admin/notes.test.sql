begin;
select plan(7);
select tests.create_user('target'), tests.create_user('other'), tests.create_user('admin');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');

select tests.act_as('admin');
select public.admin_add_note(tests.profile_id('target'), ' Kind. ');
select public.admin_add_note(tests.profile_id('other'), 'Rude.', true);
select results_eq(
  $$ select note, is_flagged, admin_id from public.admin_list_notes(tests.profile_id('target')) $$,
  $$ values ('Kind.', false, tests.profile_id('admin')) $$, 'notes of a user'
);
select results_eq(
  $$ select note from public.admin_list_notes(only_flagged => true) $$, $$ values ('Rude.') $$, 'what is flagged of all'
);
select throws_ok(
  $$ select public.admin_add_note(tests.profile_id('target'), ' ') $$, 'PT400', 'invalid_note', 'an empty note is none'
);
select throws_ok(
  $$ select public.admin_add_note(tests.profile_id('target'), repeat('x', 5001)) $$, 'PT400', 'invalid_note', 'nor a book'
);
select throws_ok(
  $$ select public.admin_add_note(gen_random_uuid(), 'x') $$, 'PT404', 'user_not_found', 'nor one about nobody'
);
select throws_ok(
  $$ select public.admin_flag_note(gen_random_uuid()) $$, 'PT404', 'note_not_found', 'a flag needs a note'
);
select tests.act_as('target');
select throws_ok('select from public.admin_notes', '42501', null, 'whom it is about does not see it');
select * from finish();
rollback;
