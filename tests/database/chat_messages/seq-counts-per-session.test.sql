begin;
select plan(2);
select tests.create_user('owner');
create temp table made on commit drop as
  select tests.create_session('owner') as first_id, tests.create_session('owner') as second_id;
select tests.create_message(first_id), tests.create_message(second_id), tests.create_message(first_id) from made;
insert into public.chat_messages (session_id, user_id, sender, content)
select first_id, tests.profile_id('owner'), 'assistant', content
from made, unnest(array['a', 'b', 'c']) as content;

select results_eq(
  'select seq from public.chat_messages where session_id = (select first_id from made) order by seq',
  array[1, 2, 3, 4, 5],
  'messages of a session are numbered from 1 without gaps, also several in one insert'
);
select results_eq(
  'select seq from public.chat_messages where session_id = (select second_id from made)', array[1],
  'every session has its own numbers'
);
select * from finish();
rollback;
