begin;
select plan(9);
select tests.create_user('owner'), tests.create_user('banned'), tests.create_login('phone', phone => '49170');
update public.profiles set role = 'banned' where id = tests.profile_id('banned');
create temp table made (code text) on commit drop;
grant all on made to public;

select tests.act_as('banned');
select throws_ok('select public.issue_bridge_token()', 'PT403', 'account_blocked', 'a banned user gets no code');
select tests.act_as('phone');
select throws_ok(
  'select public.issue_bridge_token()', 'PT409', 'email_required', 'a login without an address cannot use the bridge'
);
select tests.act_as('owner');
select throws_ok($$ select public.issue_bridge_token('[]') $$, 'PT400', 'invalid_data', 'data must be an object');
select throws_ok(
  $$ select public.issue_bridge_token(jsonb_build_object('x', repeat('x', 4096))) $$, 'PT413', 'data_too_large',
  'data of more than 4 KiB is refused'
);
select throws_ok('select from public.bridge_tokens', '42501', null, 'clients cannot read codes');
insert into made select code from public.issue_bridge_token();

select tests.act_as_postgres();
update public.bridge_tokens set expires_at = now();
select tests.act_as_service();
select results_eq(
  'select refusal from made, public.redeem_bridge_token(code)', $$ values ('code_expired') $$,
  'an expired code is refused'
);
select tests.act_as_postgres();
update public.bridge_tokens set expires_at = now() + interval '1 minute';
update public.profiles set is_active = false where id = tests.profile_id('owner');
select tests.act_as_service();
select results_eq(
  'select refusal, email from made, public.redeem_bridge_token(code)', $$ values ('account_blocked', null) $$,
  'a user suspended in the meantime is refused'
);
select tests.act_as_postgres();
update public.profiles set is_active = true where id = tests.profile_id('owner');
select tests.act_as_service();
select results_eq(
  'select refusal from made, public.redeem_bridge_token(code)', $$ values ('code_expired') $$,
  'a refused code is used up'
);
select tests.act_as_postgres();
select private.close_account(tests.profile_id('owner'));
update public.bridge_tokens set redeemed_at = null;
select tests.act_as_service();
select results_eq(
  'select refusal from made, public.redeem_bridge_token(code)', $$ values ('account_blocked') $$,
  'a code of a deleted account is refused'
);
select * from finish();
rollback;
