begin;
select plan(3);
select tests.create_user('owner');
update public.assistants set temperature = 0.5, reasoning_effort = 'none'
where slug = 'coach';
select private.add_provider_tool('coach', 'web_search', '{"type": "web_search"}');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

select tests.act_as_service();
create temp table started on commit drop as select tests.start_turn('owner', session_id) as turn from made;

select tests.act_as_postgres();
select is(
  (select turn - array['turn_id', 'user_message_id', 'assistant_message_id', 'started_at', 'question'] from started),
  (select jsonb_build_object(
    'kind', 'started', 'content', 'Hello', 'title_model', 'gpt-5.4-nano', 'replaces_reply', false,
    'profile_id', tests.profile_id('owner'), 'session_id', session_id, 'thread_id', null, 'history', '[]'::jsonb,
    'model', a.model, 'temperature', 0.5, 'reasoning_effort', 'none', 'tools', '[{"type": "web_search"}]'::jsonb,
    'instructions', i.instructions, 'files', '[]'::jsonb, 'max_output_tokens', 32000, 'max_tool_calls', 16,
    'context_window', 400000, 'compacts', true, 'reasons', false, 'accepts_images', true,
    'stores', '[]'::jsonb, 'steps', 0, 'must_answer', false, 'parts', '[]'::jsonb, 'calls', '[]'::jsonb,
    'is_search_off', false, 'is_stop_requested', false
  ) from made, public.assistants a join private.assistant_instructions i using (slug) where a.slug = 'coach'),
  'start_turn returns the fields of the request to OpenAI'
);
select results_eq(
  'select id, sender, client_id, content, status from public.chat_messages order by seq',
  $$ select (turn ->> 'user_message_id')::uuid, 'user', 'message-1', 'Hello', 'complete' from started
     union all
     select (turn ->> 'assistant_message_id')::uuid, 'assistant', null, '', 'streaming' from started $$,
  'start_turn stores the message and an empty reply'
);
select results_eq(
  'select id, status, user_message_id, assistant_message_id from public.chat_turns',
  $$ select (turn ->> 'turn_id')::uuid, 'active', (turn ->> 'user_message_id')::uuid,
       (turn ->> 'assistant_message_id')::uuid
     from started $$,
  'start_turn creates an active turn'
);
select * from finish();
rollback;
