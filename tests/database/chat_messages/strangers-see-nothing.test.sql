begin;
select plan(2);
select tests.create_user('owner'), tests.create_user('stranger');
select tests.create_message(tests.create_session('owner'));

select tests.act_as('stranger');
select is_empty('select id from public.chat_messages', 'a stranger cannot read the messages');
select is_empty('update public.chat_messages set feedback = -1 returning 1', 'a stranger cannot rate the messages');
select * from finish();
rollback;
