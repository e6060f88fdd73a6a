begin;
select plan(9);
select tests.create_user('owner'), tests.create_user('stranger');
create temp table made (session_id uuid, tokens text[] default '{}') on commit drop;
insert into made select tests.create_session('owner', 'Mine');
grant all on made to public;

select tests.act_as('owner');
select lives_ok(
  $$ update made set tokens = tokens || public.set_chat_visibility(session_id, 'public') $$, 'an owner can share a chat'
);
select is(
  public.set_chat_visibility(session_id, 'public'), tokens[1], 'the link stays the same while the chat is public'
) from made;
select alike(tokens[1], repeat('_', 32), 'a token has 32 characters') from made;
select tests.act_as_anon();
select isnt(public.get_shared_chat(tokens[1]), null, 'anyone with the token can read the chat') from made;

select tests.act_as('owner');
select is(
  public.set_chat_visibility(session_id, 'private'), null, 'the owner can make the chat private again'
) from made;
select tests.act_as_anon();
select is(public.get_shared_chat(tokens[1]), null, 'a private chat is no longer shown') from made;

select tests.act_as('owner');
update made set tokens = tokens || public.set_chat_visibility(session_id, 'public');
select isnt(tokens[2], tokens[1], 'a chat that is shared again has another token') from made;
select tests.act_as('stranger');
select is(public.get_shared_chat(tokens[1]), null, 'the old token stays invalid') from made;
select is(
  public.get_shared_chat(tokens[2]) ->> 'title', 'Mine', 'signed-in users can read it with the new token, too'
) from made;
select * from finish();
rollback;
