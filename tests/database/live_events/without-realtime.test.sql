begin;
select plan(7);
select tests.create_user('owner');

create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language plpgsql as $$
begin
  raise exception 'Realtime is broken';
end
$$;
select lives_ok(
  $$ insert into public.chat_sessions (user_id, assistant_slug) values (tests.profile_id('owner'), 'coach') $$,
  'an error of Realtime fails no transaction'
);

drop function realtime.send(jsonb, text, text, boolean);
select lives_ok(
  $$ update public.chat_sessions set title = 'Plans' where user_id = tests.profile_id('owner') $$,
  'without realtime.send, nothing fails'
);
select is(
  (select title from public.chat_sessions where user_id = tests.profile_id('owner')), 'Plans', 'the change is stored'
);

select is(private.allow_live_events(), true, 'the policy exists, and a repeated call changes nothing');
drop policy parley_messages_select_own on realtime.messages;
select is(private.allow_live_events(), true, 'a missing policy is created');
select policies_are('realtime', 'messages', array['parley_messages_select_own'], 'it is the only one');
drop table realtime.messages cascade;
select is(private.allow_live_events(), false, 'without the table there is no policy, and no error');

select * from finish();
rollback;
