begin;
select plan(6);
select tests.create_user('ada'), tests.create_user('bob');
create temp table made on commit drop as
  select tests.create_session('ada') as first_id, tests.create_session('ada') as second_id,
  tests.create_session('bob') as other_id;
select tests.create_message(id) from made, unnest(array[first_id, second_id, other_id]) as id, generate_series(1, 15);

select tests.act_as_service();
select is(
  public.continue_account_deletion(tests.profile_id('ada')), false, 'an open account is not erased'
);
select tests.act_as_postgres();
select is((select count(*)::integer from public.chat_messages), 45, 'none of its messages is deleted');

select private.close_account(tests.profile_id('ada'));
select is(private.erase_account(tests.profile_id('ada'), 10), true, 'a batch reports that more is left');
select is(
  (select count(*)::integer from public.chat_messages where user_id = tests.profile_id('ada')), 20,
  'a batch deletes at most its size, even within a long session'
);
do $$ begin while private.erase_account(tests.profile_id('ada'), 10) loop null; end loop; end $$;
select is_empty(
  $$ select id from public.chat_sessions where user_id = tests.profile_id('ada')
     union all select id from public.chat_messages where user_id = tests.profile_id('ada') $$,
  'the last batch leaves nothing'
);
select is((select count(*)::integer from public.chat_messages), 15, 'the messages of others stay');
select * from finish();
rollback;
