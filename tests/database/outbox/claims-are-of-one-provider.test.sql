begin;
select plan(4);
insert into private.remote_deletions (kind, remote_id, due_at)
select 'file', 'file_' || n, now() - interval '1 hour' from generate_series(1, 50) n;
insert into private.remote_deletions (kind, remote_id)
values ('stripe_customer', 'cus_1'), ('object', 'someone/notes.txt'), ('conversation', 'conv_1');

select tests.act_as_service();
select results_eq(
  $$ select remote_id from public.claim_remote_deletions('stripe', 10) $$, array['cus_1'],
  'older OpenAI rows do not hold up a customer at Stripe'
);
select results_eq(
  $$ select remote_id from public.claim_remote_deletions('storage', 10) $$, array['someone/notes.txt'],
  'older OpenAI rows do not hold up an object in Storage'
);
select is(
  (select count(*)::integer from public.claim_remote_deletions('openai', 100)), 51,
  'all other rows are claimed for OpenAI'
);

select tests.act_as_postgres();
select is_empty(
  'select from private.remote_deletions where due_at <= now()', 'every kind belongs to a provider'
);
select * from finish();
rollback;
