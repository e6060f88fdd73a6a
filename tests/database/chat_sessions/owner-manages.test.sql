begin;
select plan(4);
select tests.create_user('owner');

select tests.act_as('owner');
select lives_ok(
  $$ insert into public.chat_sessions (id, assistant_slug, title)
     values ('00000000-0000-4000-8000-000000000001', 'coach', 'Mine') $$,
  'a user starts a session, with an id of its own'
);
select is((select user_id from public.chat_sessions), tests.profile_id('owner'), 'it belongs to its maker');
select isnt_empty(
  $$ update public.chat_sessions set title = 'Ours', archived_at = now() returning 1 $$,
  'the owner renames and archives it'
);
select isnt_empty('delete from public.chat_sessions returning 1', 'the owner deletes it');
select * from finish();
rollback;
