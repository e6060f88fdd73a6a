begin;
select plan(7);
select tests.create_user('owner'), tests.create_user('stranger');
delete from realtime.messages;
select private.announce(tests.profile_id('owner'), 'usage_changed', '{}');
create temp table topics on commit drop as select 'user:' || tests.profile_id('owner') as owner;
grant select on topics to public;

-- Realtime sets the topic of the channel before it reads.
select set_config('realtime.topic', (select owner from topics), true);
select tests.act_as('owner');
select isnt_empty('select id from realtime.messages', 'the owner may join the channel');
select throws_ok(
  $$ insert into realtime.messages (topic, extension, event, private)
     select owner, 'broadcast', 'usage_changed', true from topics $$,
  '42501', null, 'the owner may not send to it'
);
select tests.act_as('stranger');
select is_empty('select id from realtime.messages', 'a stranger may not join it');
select tests.act_as_anon();
select is_empty('select id from realtime.messages', 'nor may anyone without a login');

select set_config('realtime.topic', 'user:', true);
select tests.act_as('owner');
select is_empty('select id from realtime.messages', 'no other topic is open');

select tests.act_as_postgres();
insert into realtime.messages (topic, extension, private) select owner, 'presence', true from topics;
select set_config('realtime.topic', (select owner from topics), true);
select tests.act_as('owner');
select is_empty($$ select id from realtime.messages where extension = 'presence' $$, 'presence is closed');

select tests.act_as_postgres();
update auth.sessions set not_after = now() where user_id = tests.auth_id('owner');
select tests.act_as('owner');
select is_empty('select id from realtime.messages', 'after a sign-out, the owner may not join the channel');

select * from finish();
rollback;
