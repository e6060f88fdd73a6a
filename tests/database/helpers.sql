-- Helpers of the database tests: users by name, rows in one call, and acting as a role of the API.

create schema tests;
comment on schema tests is 'Exists in test databases only.';
grant usage on schema tests to public;
alter default privileges in schema tests grant execute on functions to public;

create view tests.parley_statements as
  select statement from supabase_migrations.schema_migrations m, unnest(m.statements) as statement
  where m.name like 'parley\_%';
comment on view tests.parley_statements is
  'The SQL of Parley''s own migrations. A team''s migrations have other names.';

create table tests.parley_tables as
  select distinct found[1] as name
  from tests.parley_statements,
    regexp_matches(
      statement, 'create (?:unlogged )?table (?:if not exists )?((?:public|private)\.\w+)', 'gi'
    ) as found;
comment on table tests.parley_tables is
  'Parley''s tables, with their schema. A team''s own tables have tests of their own.';

create table tests.parley_functions as
  select distinct found[1] as name
  from tests.parley_statements,
    regexp_matches(statement, 'create (?:or replace )?function ((?:public|private)\.\w+)', 'gi') as found;
comment on table tests.parley_functions is
  'Parley''s functions, with their schema. A team''s own functions have tests of their own.';

create function tests.is_parleys_function(function_id oid)
returns boolean
language sql
stable
as $$
  select format('%s.%s', p.pronamespace::regnamespace, p.proname) in (select name from tests.parley_functions)
  from pg_proc p where p.oid = function_id
$$;
comment on function tests.is_parleys_function(oid) is 'Tells Parley''s functions from a team''s own.';

create function tests.is_parleys_table(table_id oid)
returns boolean
language sql
stable
as $$
  select format('%s.%s', c.relnamespace::regnamespace, c.relname) in (select name from tests.parley_tables)
  from pg_class c where c.oid = table_id
$$;
comment on function tests.is_parleys_table(oid) is 'Tells Parley''s tables from a team''s own.';

create function tests.is_parleys_column(table_id oid, column_name name)
returns boolean
language sql
stable
as $$
  select exists (
    select from tests.parley_statements, pg_class c
    where c.oid = table_id
      and statement ~* format('\m(create|alter) [a-z ]*\m%s\.%s\M', c.relnamespace::regnamespace, c.relname)
      and statement ~* format('\m%s\M', column_name)
  )
$$;
comment on function tests.is_parleys_column(oid, name) is
  'Tells the columns of Parley''s migrations from those that a team has added.';

create table tests.users (
  name text primary key,
  auth_id uuid not null unique,
  profile_id uuid
);
comment on table tests.users is 'Who was made, by name. profile_id is the profile that sign-up made.';
grant select on tests.users to public;

create function tests.create_login(
  name text,
  email text default null,
  phone text default null,
  metadata jsonb default '{}',
  provider text default 'email',
  is_anonymous boolean default false,
  is_sso_user boolean default false
)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  new_auth_id uuid := gen_random_uuid();
begin
  insert into auth.users
    (instance_id, id, aud, role, email, phone, raw_app_meta_data, raw_user_meta_data, is_anonymous, is_sso_user,
      created_at, updated_at)
  values
    ('00000000-0000-0000-0000-000000000000', new_auth_id, 'authenticated', 'authenticated', create_login.email,
      create_login.phone, jsonb_build_object('provider', provider, 'providers', jsonb_build_array(provider)), metadata,
      create_login.is_anonymous, create_login.is_sso_user, now(), now());

  insert into tests.users (name, auth_id, profile_id)
  values (create_login.name, new_auth_id, (select p.id from public.profiles p where p.auth_id = new_auth_id));
  return new_auth_id;
end
$$;
comment on function tests.create_login(text, text, text, jsonb, text, boolean, boolean) is
  'Inserts into auth.users as Auth does at sign-up, nothing confirmed yet; returns the id of the login.';

create function tests.create_user(name text, metadata jsonb default '{}')
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  new_auth_id uuid := tests.create_login(name, email => name || '@example.com', metadata => metadata);
begin
  update auth.users set email_confirmed_at = now() where id = new_auth_id;
  return tests.profile_id(name);
end
$$;
comment on function tests.create_user(text, jsonb) is
  'A user with the confirmed address <name>@example.com; returns the id of the profile.';

create function tests.auth_id(name text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  found_id uuid;
begin
  select u.auth_id into strict found_id from tests.users u where u.name = auth_id.name;
  return found_id;
end
$$;
comment on function tests.auth_id(text) is 'Id in auth.users of who was made under this name.';

create function tests.profile_id(name text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  found_id uuid;
begin
  select u.profile_id into strict found_id from tests.users u where u.name = profile_id.name;
  return found_id;
end
$$;
comment on function tests.profile_id(text) is
  'Id of the profile that sign-up made for who was made under this name; stays after the login is gone.';

create function tests.create_session(name text, title text default null, assistant_slug text default 'coach')
returns uuid
language sql
set search_path = ''
as $$
  insert into public.chat_sessions (user_id, assistant_slug, title)
  values (tests.profile_id(name), create_session.assistant_slug, create_session.title)
  returning id
$$;
comment on function tests.create_session(text, text, text) is 'A session of this user; returns its id.';

create function tests.create_message(session_id uuid, sender text default 'user', content text default 'Hello')
returns uuid
language sql
set search_path = ''
as $$
  insert into public.chat_messages (session_id, user_id, sender, content, parts)
  select s.id, s.user_id, create_message.sender, create_message.content,
    jsonb_build_array(jsonb_build_object('type', 'text', 'text', create_message.content))
  from public.chat_sessions s
  where s.id = create_message.session_id
  returning id
$$;
comment on function tests.create_message(uuid, text, text) is 'A complete message with one text part; returns its id.';

create function tests.start_turn(
  name text, session_id uuid, client_id text default 'message-1', content text default 'Hello'
)
returns jsonb
language sql
set search_path = ''
as $$
  select public.start_turn(
    tests.auth_id(name), session_id, client_id, content,
    jsonb_build_array(jsonb_build_object('type', 'text', 'text', content))
  )
$$;
comment on function tests.start_turn(text, uuid, text, text) is
  'Calls start_turn as the chat function does for this user, as the role that acts; returns its answer.';

create function tests.start_lost_turn(name text)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  session_id uuid := tests.create_session(name);
  turn_id uuid := tests.start_turn(name, session_id) ->> 'turn_id';
begin
  delete from public.chat_sessions s where s.id = session_id;
  return turn_id;
end
$$;
comment on function tests.start_lost_turn(text) is
  'Starts a turn of this user and deletes its session while it runs, as the role that acts; returns its id.';

create function tests.apply_subscription(
  customer_id text,
  subscription_id text,
  status text,
  fields jsonb default '{}',
  plan text default 'pro'
)
returns void
language sql
set search_path = ''
as $$
  select public.apply_stripe_objects('', public.draw_stripe_ticket(), jsonb_build_array(
    jsonb_build_object('kind', 'product', 'fields', jsonb_build_object(
      'id', 'prod_' || plan, 'name', plan, 'is_active', true, 'metadata', jsonb_build_object('plan', plan)
    )),
    jsonb_build_object('kind', 'subscription', 'fields', jsonb_build_object(
      'stripe_subscription_id', subscription_id, 'stripe_customer_id', customer_id, 'status', status,
      'stripe_price_id', 'price_' || plan, 'stripe_product_id', 'prod_' || plan, 'currency', 'usd',
      'current_period_start', date_trunc('second', now() - interval '1 day'),
      'current_period_end', date_trunc('second', now() + interval '29 days'),
      'cancel_at_period_end', false, 'started_at', now() - interval '1 day', 'metadata', '{}'::jsonb,
      'past_due_at', now() - interval '1 day', 'created_at', now()
    ) || fields)
  ))
$$;
comment on function tests.apply_subscription(text, text, text, jsonb, text) is
  'Applies a subscription in this state to a product of that plan, as the webhook does. Fields overwrite the defaults.';

create function tests.become(role_name text, claims jsonb)
returns void
language sql
set search_path = ''
as $$
  select
    set_config('request.jwt.claims', coalesce(claims::text, ''), true),
    -- auth.uid() in older projects reads this setting.
    set_config('request.jwt.claim.sub', coalesce(claims ->> 'sub', ''), true),
    set_config('role', role_name, true)
$$;
comment on function tests.become(text, jsonb) is
  'Sets role and token claims until the transaction ends, as PostgREST does.';

create function tests.sign_in(name text)
returns void
language sql
security definer
set search_path = ''
as $$
  insert into auth.sessions (id, user_id, created_at, updated_at)
  select u.id, u.id, now(), now() from auth.users u where u.id = tests.auth_id(name)
  on conflict do nothing
$$;
comment on function tests.sign_in(text) is
  'Creates the session of a login unless it exists; both have the same id. Definer: the role that acts may not.';

create function tests.act_as(name text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform tests.sign_in(name);
  perform tests.become('authenticated', jsonb_build_object(
    'sub', tests.auth_id(name), 'role', 'authenticated', 'aud', 'authenticated', 'email', name || '@example.com',
    'session_id', tests.auth_id(name)
  ));
end
$$;
comment on function tests.act_as(text) is 'What follows runs as this user: role authenticated with the user''s token.';

create function tests.act_as_anon()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform tests.become('anon', '{"role": "anon"}');
end
$$;
comment on function tests.act_as_anon() is 'What follows runs as a caller who has not signed in.';

create function tests.act_as_service()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform tests.become('service_role', '{"role": "service_role"}');
end
$$;
comment on function tests.act_as_service() is 'What follows runs as an edge function with the secret key.';

create function tests.act_as_postgres()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform tests.become('postgres', null);
end
$$;
comment on function tests.act_as_postgres() is 'What follows runs as the owner of the tables, without a token.';

create function tests.store_step(turn_id uuid, calls jsonb default '[]', reply jsonb default '{}')
returns jsonb
language sql
set search_path = ''
as $$
  select public.store_step(t.id, t.steps, '{"content": "", "parts": []}' || reply, calls)
  from public.chat_turns t
  where t.id = store_step.turn_id
$$;
comment on function tests.store_step(uuid, jsonb, jsonb) is
  'Stores the next step of a turn, with calls as tests.sent_call returns them; returns what store_step does.';

create function tests.sent_call(call_id text, slug text, arguments jsonb default '{}')
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('call_id', call_id, 'name', slug, 'arguments', arguments::text)
$$;
comment on function tests.sent_call(text, text, jsonb) is 'A call as OpenAI sends it.';

create function tests.call_tool(name text, slug text, arguments jsonb default '{}', assistant text default 'coach')
returns public.tool_calls
language plpgsql
security definer
set search_path = ''
as $$
declare
  turn_id uuid;
  wanted text := gen_random_uuid();
  call public.tool_calls;
begin
  select t.id into turn_id from public.chat_turns t where t.user_id = tests.profile_id(name) and t.finished_at is null;
  turn_id := coalesce(
    turn_id, (tests.start_turn(name, tests.create_session(name, null, assistant)) ->> 'turn_id')::uuid
  );
  perform tests.store_step(turn_id, jsonb_build_array(tests.sent_call(wanted, slug, arguments)));
  select c.* into call from public.tool_calls c where c.call_id = wanted;
  return call;
end
$$;
comment on function tests.call_tool(text, text, jsonb, text) is
  'Stores a call in this user''s running turn, which it starts unless there is one; returns the call. Definer: '
  'usable as any role.';

create function tests.run_tool(name text, slug text, arguments jsonb default '{}')
returns public.tool_calls
language sql
security definer
set search_path = ''
as $$
  select public.run_function_tool((tests.call_tool(name, slug, arguments)).id)
$$;
comment on function tests.run_tool(text, text, jsonb) is 'Stores a call of a function tool, runs it, and returns it.';
