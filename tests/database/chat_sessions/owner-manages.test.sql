begin;
select plan(4);
select tests.create_user('owner');

select tests.act_as('owner');
select lives_ok(
  $$ insert into public.chat_sessions (id, assistant_slug, title)
     values ('00000000-0000-4000-8000-000000000001', 'coach', 'Mine') $$,
  'a user can start a session with a chosen id'
);
select is(
  (select user_id from public.chat_sessions), tests.profile_id('owner'),
  'the session belongs to the user who created it'
);
select isnt_empty(
  $$ update public.chat_sessions set title = 'Ours', archived_at = now() returning 1 $$,
  'the owner can rename and archive it'
);
select isnt_empty('delete from public.chat_sessions returning 1', 'the owner can delete it');
select * from finish();
rollback;
