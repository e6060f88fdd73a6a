begin;
select plan(14);
select tests.create_user('owner'), tests.create_user('stranger');
select tests.create_session('owner', 'Mine'), tests.create_session('stranger', 'Theirs');
create function tools.list_chats() returns table (title text, role name) language sql stable set search_path = ''
as $$ select s.title, current_user from public.chat_sessions s where s.title <> 'Hello' $$;
comment on function tools.list_chats is 'Lists all chats.';
create function tools.who() returns text language sql stable set search_path = '' as $$ select auth.uid()::text $$;
comment on function tools.who is 'Says who asks.';
create function tools.add_chat(named text) returns uuid language sql volatile set search_path = ''
as $$ insert into public.chat_sessions (assistant_slug, title) values ('coach', named) returning id $$;
comment on function tools.add_chat is 'Adds a chat.';
select private.add_function_tool('coach', 'tools.' || f) from unnest(array['list_chats', 'who', 'add_chat']) as f;

select tests.act_as_service();
select is((tests.run_tool('owner', 'list_chats')).output, '[{"title": "Mine", "role": "parley_tools"}]'::jsonb,
  'a tool that selects everything returns the rows of its user');
select is((tests.run_tool('stranger', 'list_chats')).output, '[{"title": "Theirs", "role": "parley_tools"}]'::jsonb,
  'and those of another user for that user');
select is((tests.run_tool('owner', 'who')).output, to_jsonb(tests.auth_id('owner')), 'auth.uid() is the user');
select is(current_setting('request.jwt.claims'), '{"role": "service_role"}', 'the claims are restored');
select is(coalesce(current_setting('request.jwt.claim.sub', true), ''), '', 'the subject, too');
select is(current_setting('parley.tool_user'), '', 'and nobody acts as a tool any more');

select is((tests.run_tool('owner', 'add_chat', '{"named": "Zebra"}')).error, null,
  'policies that demand a sign-in let a tool write without one');
select is((select user_id from public.chat_sessions where title = 'Zebra'), tests.profile_id('owner'), 'as its user');

select tests.act_as_postgres();
do $$
declare
  definition text := pg_get_functiondef('private.call_tool(regprocedure, jsonb)'::regprocedure);
begin
  set local role parley_tools;
  drop function private.call_tool(regprocedure, jsonb);
  reset role;
  execute definition;
end
$$;
select is((tests.run_tool('owner', 'list_chats')).error, 'The tool failed. Nothing was changed.',
  'nothing runs with the rights of the owner of the tables');
select private.give_call_tool();
select is((tests.run_tool('owner', 'who')).error, null, 'what a restore calls makes it right again');
update public.profiles set is_active = false where id = tests.profile_id('owner');
select results_eq(
  $$ select status, output, error from tests.run_tool('owner', 'list_chats') $$,
  $$ values ('failed', null::jsonb, 'The account of the user is suspended or deleted.') $$,
  'nothing runs for a suspended user'
);
update public.profiles set is_active = true where id = tests.profile_id('owner');
select private.anonymize_profile(tests.profile_id('stranger'));
create temp table late on commit drop as
select (tests.call_tool('owner', 'list_chats')).id;
update public.chat_turns set status = 'stopped', finished_at = now() where user_id = tests.profile_id('owner');
select is((public.run_function_tool(id)).error, 'The turn has ended.', 'nothing runs after the turn') from late;

select tests.act_as_anon();
select throws_ok('select private.require_signed_in()', '42501', null, 'anon has no sign-in');
select tests.act_as_postgres();
insert into public.tool_calls (turn_id, session_id, user_id, call_id, tool_slug, arguments)
select t.id, t.session_id, t.user_id, 'late', 'list_chats', '{}' from public.chat_turns t
where t.user_id = tests.profile_id('stranger');
select is((public.run_function_tool(id)).error, 'The account of the user is suspended or deleted.',
  'nothing runs for a deleted user') from public.tool_calls where call_id = 'late';
select * from finish();
rollback;
