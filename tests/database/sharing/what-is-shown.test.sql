begin;
select plan(4);
select tests.create_user('owner');
create temp table made (session_id uuid, token text) on commit drop;
insert into made select tests.create_session('owner', 'Mine');
grant all on made to public;
insert into public.chat_messages
  (session_id, user_id, sender, content, parts, model, input_tokens, output_tokens, status, response_id)
select session_id, tests.profile_id('owner'), m.sender, '', m.parts, 'gpt', 10, 20, m.status, 'resp_' || m.status
from made, (values
  ('system', 'complete', '[{"type": "text", "text": "secret instructions"}]'::jsonb),
  ('user', 'complete', '[
    {"type": "text", "text": "Hi", "providerMetadata": {"openai": {"itemId": "msg_1"}}},
    {"type": "file", "url": "chat-files/secret/a.pdf", "filename": "secret/a.pdf", "mediaType": "application/pdf"}
  ]'),
  ('assistant', 'complete', '[
    {"type": "step-start"},
    {"type": "reasoning", "text": "secret thought"},
    {"type": "tool-file_search", "toolCallId": "secret", "input": {"queries": ["secret"]}},
    {"type": "data-secret", "data": 1},
    {"type": "source-url", "sourceId": "https://example.com", "url": "https://example.com", "title": "Example"},
    {"type": "source-url", "sourceId": "x", "url": "javascript:alert(1)", "title": "Script"},
    {"type": "source-document", "sourceId": "file-secret", "title": "file-secret", "filename": "a.pdf",
      "mediaType": "application/pdf"},
    {"type": "text", "text": "Hello", "state": "done"}
  ]'),
  ('assistant', 'stopped', '[{"type": "text", "text": "Half"}]'),
  ('assistant', 'failed', '[{"type": "text", "text": "secret failure"}]'),
  ('tool', 'complete', '[{"type": "text", "text": "secret tool"}]'),
  ('assistant', 'streaming', '[{"type": "text", "text": "secret draft"}]')
) as m (sender, status, parts);
select tests.act_as('owner');
update made set token = public.set_chat_visibility(session_id, 'public');

select tests.act_as_anon();
select is(
  public.get_shared_chat(token),
  '{
    "title": "Mine",
    "assistant": {"slug": "coach", "name": "Coach"},
    "messages": [
      {"sender": "user", "parts": [
        {"type": "text", "text": "Hi"},
        {"type": "file", "filename": "a.pdf", "mediaType": "application/pdf"}
      ]},
      {"sender": "assistant", "parts": [
        {"type": "source-url", "url": "https://example.com", "title": "Example"},
        {"type": "source-document", "filename": "a.pdf", "mediaType": "application/pdf"},
        {"type": "text", "text": "Hello"}
      ]},
      {"sender": "assistant", "parts": [{"type": "text", "text": "Half"}]}
    ]
  }'::jsonb, 'a shared chat shows only title, assistant and finished messages'
) from made;
select is(public.get_shared_chat('x'), null, 'an unknown token shows nothing');
select is(public.get_shared_chat(null), null, 'a null token shows nothing');

select tests.act_as_postgres();
update public.profiles set role = 'banned' where id = tests.profile_id('owner');
select tests.act_as_anon();
select is(public.get_shared_chat(token), null, 'chats shared by a banned user are not shown') from made;
select * from finish();
rollback;
