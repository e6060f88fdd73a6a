begin;
select plan(4);
select tests.create_user('owner'), tests.create_user('stranger');
create temp table made on commit drop as select tests.create_session('owner', 'Mine') as session_id;
grant select on made to public;

select tests.act_as('stranger');
select is_empty('select id from public.chat_sessions', 'a stranger cannot read the session');
select is_empty($$ update public.chat_sessions set title = 'x' returning 1 $$, 'a stranger cannot update the session');
select is_empty('delete from public.chat_sessions returning 1', 'a stranger cannot delete the session');

select tests.act_as_postgres();
select is(
  (select title from public.chat_sessions where id = (select session_id from made)), 'Mine', 'the row is unchanged'
);
select * from finish();
rollback;
