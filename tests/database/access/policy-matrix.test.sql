-- Every table of public × select, insert, update, delete × every kind of caller; each cell is tried.
--   rows     at least one row is seen or changed
--   none     allowed, but the policies show no row
--   refused  42501: no privilege, or a policy's check
--   blocked  PT403: the account is blocked
-- All callers act on the owner's row (in the catalogue, on any row). `banned` is the owner after being
-- banned. `admin` is another user with the role admin, who sees through tables what other users see. A function tool
-- sees what its user sees.
begin;
select tests.create_user('owner'), tests.create_user('other'), tests.create_user('admin');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
select tests.start_turn('owner', session_id) from made;
insert into public.chat_files (user_id, session_id, file_name, file_type, storage_path)
select tests.profile_id('owner'), session_id, 'notes.txt', 'text/plain',
  tests.profile_id('owner') || '/notes.txt' from made;
select public.claim_vector_store(session_id) from made;
insert into public.custom_instructions (user_id, content) values (tests.profile_id('owner'), 'Call me Ada.');
select private.book_usage(tests.profile_id('owner'), 'chat', 'gpt-5.4-mini', 1, 0, 1);
select public.link_stripe_customer(tests.profile_id('owner'), 'cus_1');
select tests.apply_subscription('cus_1', 'sub_1', 'active');
update public.stripe_products set default_price_id = 'price_pro' where id = 'prod_pro';
update public.stripe_prices set is_active = true where id = 'price_pro';
-- A subscription has its owner's id, for its items.
insert into public.subscriptions (id, user_id, stripe_subscription_id, stripe_customer_id, status, currency, created_at)
select user_id, user_id, 'sub_2', stripe_customer_id, status, currency, created_at from public.subscriptions;
insert into public.subscription_items (id, subscription_id, stripe_price_id, stripe_product_id)
values ('si_1', tests.profile_id('owner'), 'price_pro', 'prod_pro');
insert into public.payments (stripe_payment_intent_id, user_id, status, amount, currency, created_at)
values ('pi_1', tests.profile_id('owner'), 'completed', 2000, 'usd', now());
select public.record_stripe_events(
  '[{"id": "evt_1", "type": "customer.updated", "livemode": false, "created_at": "2030-01-01", "targets": []}]'
);
-- The organization has its owner's id, so that one rule finds the rows of all tables.
insert into public.organizations (id, name) values (tests.profile_id('owner'), 'Team');
update public.profiles set organization_id = id, organization_role = 'owner' where id = tests.profile_id('owner');
insert into public.organization_costs (organization_id, month)
values (tests.profile_id('owner'), private.this_month());
insert into public.organization_invitations (organization_id, email, role, token_hash, invited_by)
select id, 'guest@example.com', 'member', private.hash_token('guest'), id from public.organizations;
insert into public.admin_notes (user_id, note) values (tests.profile_id('owner'), 'Kind.');
insert into public.audit_logs (user_id, action) values (tests.profile_id('owner'), 'admin_get_user');
insert into public.bridge_tokens (user_id, auth_session_id, token_hash)
values (tests.profile_id('owner'), tests.auth_id('owner'), private.hash_token('code'));
insert into public.sync_logs (user_id, event_type, event_source, success)
values (tests.profile_id('owner'), 'bridge_issue', 'bridge', true);
select public.create_lookout(
  tests.auth_id('owner'), 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', now()
);
select public.claim_due_lookouts(1);
select private.add_client_tool('coach', 'ask', 'Asks.', '{}');
insert into public.tool_calls (turn_id, session_id, user_id, call_id, tool_slug)
select id, session_id, user_id, 'call_1', 'ask' from public.chat_turns where user_id = tests.profile_id('owner');

create temp table expected (
  table_name text primary key,
  -- The column that names the owner; null for the catalogue.
  owned_by text,
  -- The columns that clients may write, with values that a client would send; null for none.
  inserts jsonb,
  updates jsonb,
  -- Outcomes of select, insert, update, delete.
  anon text[],
  owner text[],
  other text[],
  banned text[],
  admin text[]
) on commit drop;

insert into expected values
  ('admin_notes', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}'),
  ('assistants', null, null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}'),
  ('audit_logs', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}'),
  ('bridge_tokens', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}'),
  ('assistant_tools', null, null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}'),
  ('chat_files', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('chat_messages', 'user_id', null, '{"feedback": 1}',
    '{refused, refused, refused, refused}',
    '{rows,    refused, rows,    refused}',
    '{none,    refused, none,    refused}',
    '{rows,    refused, rows,    refused}',
    '{none,    refused, none,    refused}'),
  ('chat_sessions', 'user_id', jsonb_build_object('id', gen_random_uuid(), 'assistant_slug', 'coach', 'title', 'New'),
    '{"title": "Renamed", "archived_at": "2030-01-01"}',
    '{refused, refused, refused, refused}',
    '{rows,    rows,    rows,    rows}',
    '{none,    rows,    none,    none}',
    '{rows,    blocked, rows,    rows}',
    '{none,    rows,    none,    none}'),
  ('chat_turns', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('custom_instructions', 'user_id',
    jsonb_build_object('user_id', tests.profile_id('owner'), 'content', 'I am new here.'),
    jsonb_build_object('user_id', tests.profile_id('owner'), 'content', 'I have been here.'),
    '{refused, refused, refused, refused}',
    '{rows,    rows,    rows,    rows}',
    '{none,    refused, none,    none}',
    '{rows,    rows,    rows,    rows}',
    '{none,    refused, none,    none}'),
  ('lookout_runs', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('lookouts', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('models', null, null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}'),
  ('monthly_costs', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('organization_invitations', 'invited_by', null, null,
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}'),
  ('organization_costs', 'organization_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('organizations', 'id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('payments', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('plans', null, null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}'),
  ('profiles', 'id', null,
    '{"user_name": "New", "organization_name": "New", "avatar_url": "https://example.com/new.png"}',
    '{refused, refused, refused, refused}',
    '{rows,    refused, rows,    refused}',
    '{none,    refused, none,    refused}',
    '{rows,    refused, blocked, refused}',
    '{none,    refused, none,    refused}'),
  ('sync_logs', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}'),
  ('stripe_customers', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('stripe_events', null, null, null,
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}',
    '{refused, refused, refused, refused}'),
  ('stripe_prices', null, null, null,
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}'),
  ('stripe_products', null, null, null,
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}'),
  ('subscription_items', 'subscription_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('subscriptions', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('tool_prices', null, null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}'),
  ('tool_calls', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('tools', null, null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{rows,    refused, refused, refused}'),
  ('usage_counters', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('usage_metrics', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('user_activity', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}'),
  ('vector_stores', 'user_id', null, null,
    '{refused, refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}',
    '{rows,    refused, refused, refused}',
    '{none,    refused, refused, refused}');

create function pg_temp.target(entry expected)
returns text
language sql
as $$
  select case when entry.owned_by is null then 'true'
    else format('%I = %L', entry.owned_by, tests.profile_id('owner')) end
$$;

create function pg_temp.statement(entry expected, verb text)
returns text
language plpgsql
as $$
declare
  -- If clients may write no column, any column is refused.
  any_column text := (select attname from pg_attribute
    where attrelid = format('public.%I', entry.table_name)::regclass and attnum = 1);
  given jsonb := coalesce(
    case verb when 'insert' then entry.inserts when 'update' then entry.updates end,
    jsonb_build_object(any_column, null)
  );
  columns text := (select string_agg(quote_ident(key), ', ') from jsonb_object_keys(given) as key);
  source text := format('select %s from jsonb_populate_record(null::public.%I, %L)', columns, entry.table_name, given);
begin
  return case verb
    when 'select' then format('select from public.%I where %s', entry.table_name, pg_temp.target(entry))
    when 'insert' then format('insert into public.%I (%s) %s', entry.table_name, columns, source)
    -- No condition: with one, the policy for select would hide rows that the policy for update or delete allows.
    when 'update' then format('update public.%I set (%s) = (%s)', entry.table_name, columns, source)
    when 'delete' then format('delete from public.%I', entry.table_name)
  end;
end
$$;

create function pg_temp.outcome(entry expected, actor text, verb text)
returns text
language plpgsql
as $$
declare
  statement text := pg_temp.statement(entry, verb);
  rows_of_owner text :=
    format('select array_agg(ctid) from public.%I where %s', entry.table_name, pg_temp.target(entry));
  before tid[];
  after tid[];
  affected bigint;
begin
  if actor = 'banned' then
    update public.profiles set role = 'banned' where id = tests.profile_id('owner');
  end if;
  execute rows_of_owner into before;
  if actor = 'anon' then
    perform tests.act_as_anon();
  else
    perform tests.act_as(case actor when 'banned' then 'owner' else actor end);
  end if;

  execute statement;
  get diagnostics affected = row_count;
  if verb in ('update', 'delete') then
    perform tests.act_as_postgres();
    execute rows_of_owner into after;
    affected := (select count(*) from unnest(before) as place where place <> all (coalesce(after, '{}')));
  end if;
  -- The error rolls back the statement and the change of role.
  raise exception using errcode = 'ZZ000', message = case when affected > 0 then 'rows' else 'none' end;
exception
  when sqlstate 'ZZ000' then return sqlerrm;
  when insufficient_privilege then return 'refused';
  when sqlstate 'PT403' then return 'blocked';
  -- The rules allowed the row; only its key existed already.
  when unique_violation then return 'rows';
  when others then return sqlstate || ' ' || sqlerrm;
end
$$;

create function pg_temp.tool_outcome(entry expected, actor text)
returns text
language plpgsql
as $$
declare
  call public.tool_calls;
begin
  execute format(
    'create function tools.count_rows() returns bigint language sql stable set search_path = '''' as %L',
    format('select count(*) from public.%I where %s', entry.table_name, pg_temp.target(entry))
  );
  comment on function tools.count_rows is 'Counts rows.';
  perform private.add_function_tool('coach', 'tools.count_rows');
  perform tests.act_as_service();
  call := tests.run_tool(actor, 'count_rows');
  raise exception using errcode = 'ZZ000', message = case
    when call.error = 'The user may not do this.' then 'refused'
    when call.output = '0' then 'none'
    when call.error is null then 'rows'
    else call.error
  end;
exception
  when sqlstate 'ZZ000' then return sqlerrm;
end
$$;

create function pg_temp.granted_columns(table_name text, privilege text)
returns text[]
language sql
as $$
  select array_agg(attname::text order by attname)
  from pg_attribute
  where attrelid = format('public.%I', table_name)::regclass
    and attnum > 0
    and not attisdropped
    and has_column_privilege('authenticated', attrelid, attnum, privilege)
    and tests.is_parleys_column(attrelid, attname)
$$;

select plan(1 + 25 * (select count(*)::integer from expected));

select set_eq(
  $$ select c.relname::text from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       -- A team's own tables have tests of their own.
       and tests.is_parleys_table(c.oid) $$,
  'select table_name from expected', 'every table has a row in the matrix'
);
select isnt_empty(pg_temp.statement(e, 'select'), e.table_name || ': there is a row to act on')
from expected e;
select is(
  pg_temp.granted_columns(e.table_name, privilege),
  (select array_agg(key order by key) from jsonb_object_keys(given) as key),
  format('%s: users %s no other columns', e.table_name, privilege)
)
from expected e, lateral (values ('insert', e.inserts), ('update', e.updates)) as columns (privilege, given);
select is(
  pg_temp.outcome(e, actor, verb), outcomes[position], format('%s: %s %s', e.table_name, actor, verb)
)
from expected e,
  lateral (values
    ('anon', e.anon), ('owner', e.owner), ('other', e.other), ('banned', e.banned), ('admin', e.admin)
  ) as actors (actor, outcomes),
  unnest(array['select', 'insert', 'update', 'delete']) with ordinality as verbs (verb, position);
select is(pg_temp.tool_outcome(e, actor), outcomes[1], format('%s: a tool of %s', e.table_name, actor))
from expected e, lateral (values ('owner', e.owner), ('other', e.other)) as actors (actor, outcomes);
select * from finish();
rollback;
