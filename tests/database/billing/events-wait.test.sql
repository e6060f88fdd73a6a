-- Events that wait are claimed by payer, each by one worker at a time, and never get lost.
begin;
select plan(17);
create function pg_temp.store(id text, payer text, targets jsonb)
returns jsonb
language sql
as $$
  select public.record_stripe_events(jsonb_build_array(jsonb_build_object(
    'id', id, 'type', 'invoice.paid', 'livemode', false, 'created_at', now(), 'payer', payer, 'targets', targets
  ))) -> id
$$;
create function pg_temp.claim()
returns table (payer text, events text)
language sql
as $$
  select g ->> 'payer', (
    select string_agg(e ->> 'id', ' ' order by e ->> 'id') from jsonb_array_elements(g -> 'events') e
  )
  from jsonb_array_elements(public.claim_stripe_events(10) -> 'payers') g
  order by 1
$$;
create function pg_temp.let_pass(passed interval)
returns void
language sql
as $$
  update public.stripe_events set due_at = due_at - passed, received_at = received_at - passed
$$;

select ok(
  not (claim ->> 'is_waiting')::boolean and (claim ->> 'ticket')::bigint > 0,
  'while no schedule calls the worker, the caller applies the event'
) from pg_temp.store('evt_now', 'cus_0', '[{"kind": "customer", "id": "cus_0"}]') claim;
delete from public.stripe_events;

update private.schedules set last_run_at = now() - interval '4 minutes', last_status = 'ok'
where name = 'stripe-events';
select ok(
  (claim ->> 'is_waiting')::boolean and claim -> 'ticket' = 'null',
  'otherwise the event waits'
) from pg_temp.store('evt_1', 'cus_1', '[{"kind": "invoice", "id": "in_1"}]') claim;
select pg_temp.store('evt_2', 'cus_1', '[{"kind": "subscription", "id": "sub_1"}]');
select pg_temp.store('evt_3', 'in_1', '[{"kind": "invoice", "id": "in_1"}]');
select pg_temp.store('evt_4', 'cus_2', '[{"kind": "customer", "id": "cus_2"}]');
select pg_temp.store('evt_5', 'prod_1', '[{"kind": "product", "id": "prod_1"}]');
select is_empty('select from pg_temp.claim()', 'the events of a purchase are collected for a moment');
select is(private.count_due_stripe_events(10), 0, 'and nothing is due');

select pg_temp.let_pass('1 second');
select is(private.count_due_stripe_events(3), 3, 'due events are counted up to the largest count');
select pg_temp.store('evt_9', 'cus_1', '[{"kind": "subscription", "id": "sub_1"}]');
select is(
  public.claim_stripe_events(1) #>> '{payers,0,payer}', 'prod_1', 'the catalogue is claimed before what needs it'
);
select results_eq(
  'select * from pg_temp.claim()',
  $$ values ('cus_1', 'evt_1 evt_2 evt_3 evt_9'), ('cus_2', 'evt_4') $$,
  'all events of a payer are claimed together, also those that are not due, or name only an object of it'
);
select is_empty('select from pg_temp.claim()', 'a second worker gets none of them');
select pg_temp.store('evt_6', 'cus_1', '[{"kind": "subscription", "id": "sub_1"}]');
update public.stripe_events set due_at = now() where id = 'evt_6';
select is_empty('select from pg_temp.claim()', 'a new event of the payer waits for that worker');
select pg_temp.store('evt_1', 'cus_1', '[{"kind": "invoice", "id": "in_1"}]');
select is(
  (select (status, attempts, due_at > now())::text from public.stripe_events where id = 'evt_1'), '(processing,1,t)',
  'delivered again, an event stays with the worker that has it'
);

select public.apply_stripe_events(array['evt_4', 'evt_5'], public.draw_stripe_ticket(), '[]');
select results_eq(
  'select id, due_at from public.stripe_events where status = $$processed$$ order by id',
  $$ values ('evt_4', null::timestamptz), ('evt_5', null) $$,
  'applied events are done'
);
select pg_temp.let_pass('1 minute');
select results_eq(
  'select * from pg_temp.claim()',
  $$ values ('cus_1', 'evt_1 evt_2 evt_3 evt_6 evt_9') $$,
  'after the lease of a worker that died, another one gets its events'
);

select public.fail_stripe_event('evt_1', 'StripeAPIError');
select public.apply_stripe_events(array['evt_2', 'evt_3', 'evt_6', 'evt_9'], public.draw_stripe_ticket(), '[]');
select pg_temp.store('evt_7', 'cus_1', '[{"kind": "subscription", "id": "sub_1"}]');
update public.stripe_events set due_at = now() where id = 'evt_7';
select results_eq(
  'select * from pg_temp.claim()', $$ values ('cus_1', 'evt_7') $$, 'a failed event holds up no other one'
);
select pg_temp.let_pass('1 minute');
select results_eq(
  'select * from pg_temp.claim()', $$ values ('cus_1', 'evt_1 evt_7') $$, 'and is claimed again after its pause'
);
select pg_temp.let_pass('3 days');
select public.fail_stripe_event('evt_1', 'StripeAPIError');
select ok((select due_at is null from public.stripe_events where id = 'evt_1'), 'after three days it is given up');
select ok(
  (pg_temp.store('evt_1', 'cus_1', '[]') ->> 'is_waiting')::boolean, 'until it is delivered again'
);
update private.schedules set last_status = '503' where name = 'stripe-events';
select ok(
  not (pg_temp.store('evt_8', 'cus_1', '[]') ->> 'is_waiting')::boolean, 'behind a schedule that fails, no event waits'
);
select * from finish();
rollback;
