begin;
select plan(9);
select tests.create_user('owner');
create temp table made (code text, expires_at timestamptz) on commit drop;
create temp table redeemed (refusal text, auth_user_id uuid, email text, session_data jsonb) on commit drop;
grant all on made, redeemed to public;

select tests.act_as('owner');
insert into made select * from public.issue_bridge_token('{"device": "Mac"}', '203.0.113.9', 'Safari');
select is(expires_at, now() + interval '5 minutes', 'a code is valid for five minutes') from made;
select throws_ok(
  $$ select public.redeem_bridge_token(code) from made $$, '42501', null, 'clients cannot redeem past the function'
);

select tests.act_as_service();
insert into redeemed select r.* from made, public.redeem_bridge_token(code, '203.0.113.10', 'Desktop') r;
select results_eq(
  'select * from redeemed',
  $$ values (null, tests.auth_id('owner'), 'owner@example.com', '{"device": "Mac"}'::jsonb) $$,
  'a code returns its user and the data of the issuing app'
);
select results_eq(
  'select r.* from made, public.redeem_bridge_token(code) r',
  $$ values ('code_expired', null::uuid, null, null::jsonb) $$, 'a code works once'
);
select results_eq(
  $$ select refusal from public.redeem_bridge_token('x') $$, $$ values ('code_not_found') $$,
  'an unknown code returns no user'
);
select results_eq(
  $$ select refusal from public.redeem_bridge_token(null) $$, $$ values ('code_not_found') $$,
  'a null code returns no user'
);

select tests.act_as_postgres();
select is_empty(
  $$ select from public.bridge_tokens t, public.sync_logs l, made where position(code in t::text || l::text) > 0 $$,
  'codes are stored as hashes'
);
select results_eq(
  $$ select event_type, user_id, client_ip, user_agent, success, error_message from public.sync_logs order by ctid $$,
  $$ values
     ('bridge_issue', tests.profile_id('owner'), '203.0.113.9'::inet, 'Safari', true, null),
     ('bridge_redeem', tests.profile_id('owner'), '203.0.113.10', 'Desktop', true, null) $$,
  'what became of the code is logged, and attempts without a code are not'
);
select results_eq(
  'select client_ip, user_agent, redeemed_at from public.bridge_tokens',
  $$ values ('203.0.113.9'::inet, 'Safari', now()) $$,
  'the code''s row has the IP address and user agent of its issuer'
);
select * from finish();
rollback;
