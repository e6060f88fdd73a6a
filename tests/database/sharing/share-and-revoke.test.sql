begin;
select plan(9);
select tests.create_user('owner'), tests.create_user('stranger');
create temp table made (session_id uuid, tokens text[] default '{}') on commit drop;
insert into made select tests.create_session('owner', 'Mine');
grant all on made to public;

select tests.act_as('owner');
select lives_ok(
  $$ update made set tokens = tokens || public.set_chat_visibility(session_id, 'public') $$, 'an owner shares a chat'
);
select is(
  public.set_chat_visibility(session_id, 'public'), tokens[1], 'the link stays the same while the chat is public'
) from made;
select alike(tokens[1], repeat('_', 32), 'a token has 32 characters') from made;
select tests.act_as_anon();
select isnt(public.get_shared_chat(tokens[1]), null, 'anybody reads it with the token') from made;

select tests.act_as('owner');
select is(public.set_chat_visibility(session_id, 'private'), null, 'the owner takes it back') from made;
select tests.act_as_anon();
select is(public.get_shared_chat(tokens[1]), null, 'which works at once') from made;

select tests.act_as('owner');
update made set tokens = tokens || public.set_chat_visibility(session_id, 'public');
select isnt(tokens[2], tokens[1], 'shared again, it has another token') from made;
select tests.act_as('stranger');
select is(public.get_shared_chat(tokens[1]), null, 'the old one stays void') from made;
select is(public.get_shared_chat(tokens[2]) ->> 'title', 'Mine', 'signed-in strangers read it, too') from made;
select * from finish();
rollback;
